"""Text without its invisible characters, and a description of these in words."""

from __future__ import annotations

import unicodedata

__all__ = ["invisible", "visible"]

# Joiners within a word (U+200C, U+200D) are kept: some scripts are written with them.
_UNSEEN = dict.fromkeys(
    [0xAD, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2060, 0x206A), 0xFEFF]
)


def visible(text: str) -> str:
    """Return a text composed (Unicode NFC), with single plain spaces and no invisible characters.

    >>> visible("Sa\\u0303o\\u00a0 Paulo\\u200b")
    'São Paulo'
    """
    plain = text if text.isascii() else unicodedata.normalize("NFC", text).translate(_UNSEEN)
    return " ".join(plain.split())


def invisible(text: str) -> str:
    """Return in words what `visible` changes in a text; empty where it changes nothing."""
    recomposed = unicodedata.normalize("NFC", text) != text
    found = [
        f"{unicodedata.name(c, 'control character').lower()} U+{ord(c):04X}"
        for c in dict.fromkeys(text)
        if ord(c) in _UNSEEN
        or (c.isspace() and c != " ")
        or (recomposed and (unicodedata.combining(c) or unicodedata.normalize("NFC", c) != c))
    ]
    if "  " in text.strip(" "):
        found.append("several spaces in a row")
    if text.strip(" ") != text:
        found.append("spaces around it")
    return ", ".join(found)
