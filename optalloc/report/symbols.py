"""Meanings of the names in a formula: decisions, ledgers, columns, or those in a docstring.

A formula is plain text such as ``sum_i flow[i,j] <= supply[j]``. Each name with an index is a
symbol. It is the name of something declared, whole or without its ending (``supply`` for a ledger
``supply_t``), or it is explained in the family's docstring as ``name[index]``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from optalloc.modelling.family import Family
from optalloc.modelling.model import Model

__all__ = ["Symbol", "decisions", "explained", "indices_in", "sections", "symbols_in"]

_SYMBOL = re.compile(r"\b([A-Za-z]\w*)\[([^\]]*)\]")
_QUOTED = re.compile(r"``([^`]+)``")
# A quoted symbol and its explanation, up to the next stop.
_EXPLAINED = re.compile(r"``([^`]+)``[\s,:]*([^;.`]*)")
_DECIDES = "Decides"


@dataclass(frozen=True)
class Symbol:
    """A name in a formula, and what it is; ``kind`` is empty where nothing explains it."""

    name: str
    kind: str = ""
    unit: str = ""
    meaning: str = ""


def sections(doc: str) -> tuple[str, dict[str, str]]:
    """Give the opening of a docstring, and its text by heading.

    A heading is a line alone at the margin, with its text indented below it.

    >>> sections("Title.\\n\\nIn words\\n    Some\\n    words.")
    ('Title.', {'In words': 'Some\\nwords.'})
    """
    lines = inspect.cleandoc(doc).splitlines() if doc else []
    opening: list[str] = []
    found: dict[str, list[str]] = {}
    current = opening
    for line, following in zip(lines, [*lines[1:], ""], strict=True):
        if line and not line[0].isspace() and following.startswith("    "):
            current = found.setdefault(line, [])
        else:
            current.append(line.removeprefix("    ") if found else line)
    text = {heading: "\n".join(body).strip() for heading, body in found.items()}
    return "\n".join(opening).strip(), text


def symbols_in(formulas: Iterable[str]) -> list[str]:
    """Give the names with an index, each once, in the order in which they appear."""
    names = (match[1] for formula in formulas for match in _SYMBOL.finditer(formula))
    return list(dict.fromkeys(names))


def indices_in(formulas: Iterable[str]) -> list[str]:
    """Give the letters between brackets, each once; of ``p-1`` the ``p``."""
    inside = (match[2] for formula in formulas for match in _SYMBOL.finditer(formula))
    letters = (
        re.match(r"[A-Za-z]\w*", part.strip()) for place in inside for part in place.split(",")
    )
    return list(dict.fromkeys(letter[0] for letter in letters if letter))


def decisions(family: Family) -> dict[str, str]:
    """Give the decisions of a family, by name, as its docstring writes them: ``name[index]``."""
    text = sections(family.doc)[1].get(_DECIDES, "")
    quoted = (match[1] for match in _QUOTED.finditer(text))
    return {name[1]: name[0] for quote in quoted if (name := _SYMBOL.fullmatch(quote))}


def explained(model: Model, family: Family, name: str) -> Symbol:
    """Give the meaning of a name in a formula of a family.

    Declarations of the family itself come before those of others, and a whole name before one
    without its ending.
    """
    others = [other for other in model.families if other is not family]
    for families in ([family], others):
        found = [pair for other in families for pair in _declared(other, name)]
        if found:
            return min(found, key=lambda pair: pair[0])[1]
    return Symbol(name)


def _declared(family: Family, name: str) -> Iterator[tuple[int, Symbol]]:
    """Everything of a family that a name may stand for, with the length of what the name omits."""
    for full, written in decisions(family).items():
        yield from _if_named(name, full, "decision", "", f"``{written}`` of {family.title}.")
    explanations = (
        text for heading, text in sections(family.doc)[1].items() if heading != _DECIDES
    )
    for quoted, words in _EXPLAINED.findall("\n".join(explanations)):
        match = _SYMBOL.fullmatch(quoted)
        if match and match[1] == name and words:
            yield 0, Symbol(name, "data", "", _sentence(words))
    for ledger in family.ledgers:
        meaning = f"{ledger.meaning} Ledger ``{ledger.name}`` of {family.title}."
        yield from _if_named(name, ledger.name, "ledger", ledger.unit, meaning)
    for sheet in family.sheets:
        for column in sheet.columns:
            meaning = f"{column.meaning} Column ``{column.name}`` of {sheet.name}."
            yield from _if_named(name, column.name, "data", column.unit, meaning)


def _sentence(words: str) -> str:
    text = " ".join(words.split()).removeprefix("is ")
    # A name of the model keeps its case.
    is_name = "_" in text.partition(" ")[0]
    return f"{text if is_name else text[:1].upper() + text[1:]}."


def _if_named(
    name: str, full: str, kind: str, unit: str, meaning: str
) -> Iterator[tuple[int, Symbol]]:
    if full == name or full.startswith(f"{name}_"):
        yield len(full) - len(name), Symbol(name, kind, unit, meaning)
