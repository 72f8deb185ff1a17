"""The pages of reference, in Markdown: those of a model, its commands and the names in Python."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any

from optalloc.modelling.model import Model
from optalloc.report.document_parts import generated, joined, link, prose, table
from optalloc.report.documents import COMMAND, DOCUMENTS
from optalloc.system import replacing

__all__ = ["commands_page", "names_page", "write_reference"]

_SECTION = re.compile(r"^(\w[\w ]*)\n-{3,}\n", re.MULTILINE)
_WIDEST = 88  # characters of a signature that stays on one line


def write_reference(
    folder: str | Path, model: Model, commands: Mapping[str, Any], names: Mapping[str, Any]
) -> list[Path]:
    """Write every page of reference into a folder, which is made if it is not there.

    Parameters
    ----------
    folder : str or Path
    model : Model
        Its formulation, data dictionary and problem codes are written.
    commands : mapping of str to click.Command
        Commands by name, in the order in which they are listed.
    names : mapping of str to object
        Public names of the package.

    Returns
    -------
    list of Path

    Raises
    ------
    OptallocError
        If a file cannot be written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    texts = {name: page(model) for name, page in DOCUMENTS.items()}
    texts |= {"commands.md": commands_page(commands), "python_names.md": names_page(names)}
    for name, text in texts.items():
        with replacing(folder / name) as draft:
            draft.write_text(text, encoding="utf-8", newline="\n")
    return [folder / name for name in texts]


# Commands -----------------------------------------------------------------------------------------


def commands_page(commands: Mapping[str, Any]) -> str:
    """Give the page of commands: what each does, its arguments and options."""
    parts = [
        "# Commands",
        generated(COMMAND, "the commands"),
        "`optalloc COMMAND --help` says the same. Exit codes are with [the result]"
        "(result.md#exit-codes).",
        table(
            ("command", "what it does"),
            [(link(f"optalloc {name}"), _said(command)) for name, command in commands.items()],
        ),
    ]
    for name, command in commands.items():
        parts += _command(f"optalloc {name}", command, "##")
        for within, inner in getattr(command, "commands", {}).items():
            parts += _command(f"optalloc {name} {within}", inner, "###")
    return joined(parts)


def _command(words: str, command: Any, level: str) -> Iterator[str]:
    yield f"{level} {words}"
    yield _said(command)
    if hasattr(command, "commands"):
        return
    context = command.make_context(words, [], resilient_parsing=True)
    rows = [param.get_help_record(context) for param in command.params]
    yield f"```text\n{_usage(command, context)}\n```"
    # Readers of Markdown differ in what a bar within code within a table is.
    named = [(f"`{name.replace('|', '/')}`", said) for name, said in rows]
    yield table(("argument or option", "meaning"), named)


def _said(command: Any) -> str:
    """The help of a command, in one line."""
    return " ".join(command.help.split())


def _usage(command: Any, context: Any) -> str:
    """The line of a command, its arguments by name."""
    pieces = " ".join(command.collect_usage_pieces(context)).replace("{", "").replace("}", "")
    return f"{context.info_name} {pieces}"


# Names --------------------------------------------------------------------------------------------


def names_page(names: Mapping[str, Any]) -> str:
    """Give the page of public names: signature and docstring of each."""
    parts = [
        "# Names in Python",
        generated(COMMAND, "the docstrings"),
        "`import optalloc` has these names. How they are used is in [In Python]"
        "(../how-to/python.md).",
    ]
    kinds = sorted((_kind(found), name) for name, found in names.items())
    for (_, kind), group in groupby(kinds, key=lambda pair: pair[0]):
        parts.append(f"## {kind}")
        for _, name in group:
            parts += _name(name, names[name])
    return joined(parts)


def _kind(found: Any) -> tuple[int, str]:
    """The section of a name, with its place on the page."""
    if not inspect.isclass(found):
        return 0, "Functions"
    return (2, "Errors") if issubclass(found, Exception) else (1, "Classes")


def _name(name: str, found: Any) -> Iterator[str]:
    yield f"### {name}"
    if not inspect.isclass(found):
        yield f"```python\n{_signature(name, found)}\n```"
    yield from _docstring(inspect.getdoc(found) or "")
    if inspect.isclass(found):
        own = [
            (f"`{member}`", (inspect.getdoc(value) or "").partition("\n\n")[0].replace("``", "`"))
            for member, value in vars(found).items()
            if not member.startswith("_") and (callable(value) or isinstance(value, property))
        ]
        yield table(("member", "gives or does"), own)


def _signature(name: str, found: Any) -> str:
    """A call with its parameters; one a line where they are many."""
    signature = inspect.signature(found)
    line = f"{name}{signature}".replace("'", "")
    if len(line) <= _WIDEST:
        return line
    marks = {inspect.Parameter.KEYWORD_ONLY: ["*"]}
    lines: list[str] = []
    for kind, group in groupby(signature.parameters.values(), key=lambda one: one.kind):
        lines += [*marks.get(kind, []), *(str(one) for one in group)]
    ending = f" -> {signature.return_annotation}"
    body = "".join(f"    {one},\n" for one in lines)
    return f"{name}(\n{body}){ending}".replace("'", "")


def _docstring(doc: str) -> Iterator[str]:
    """The parts of a docstring in the style of numpy: words, lists of parameters, examples."""
    opening, *rest = _SECTION.split(doc)
    yield prose(opening)
    for heading, body in zip(rest[::2], rest[1::2], strict=True):
        yield f"**{heading}**"
        if heading == "Examples":
            yield f"```pycon\n{body.strip()}\n```"
        else:
            yield "\n".join(_items(body))


def _items(body: str) -> Iterator[str]:
    """Items of a section as a list: a line at the margin, and the lines indented below it."""
    for item in re.split(r"\n(?=\S)", body.strip()):
        first, _, rest = item.partition("\n")
        name, colon, kind = first.partition(" : ")
        words = " ".join(prose(rest).split())
        yield f"- `{name}`{f' ({prose(kind)})' if colon else ''}{f': {words}' if words else ''}"
