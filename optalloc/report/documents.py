"""The formulation page and the data dictionary, in Markdown, from what the families declare.

Nothing is said here that the model folder does not say: its docstring gives the notation, each
family's docstring the words, and each record its sheets, ledgers, limits, tables and codes.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from optalloc.data.rules import Rule
from optalloc.data.schema import Column, Sheet
from optalloc.errors import CODES
from optalloc.modelling.family import Family, Ledger
from optalloc.modelling.limits import Limit
from optalloc.modelling.model import Model
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.policy_tables import policy_specs
from optalloc.modelling.tables import AUDIT, LIMITS, MARGINALS, RUN, SUMMARY
from optalloc.report.symbols import Symbol, explained, sections, symbols_in
from optalloc.scenarios.sheet import SWEEPS
from optalloc.scenarios.uncertainty_sheets import UNCERTAINTY_SHEETS
from optalloc.spreadsheet.faults import FILE_CODES
from optalloc.system import replacing

__all__ = ["COMMAND", "DOCUMENTS", "data_dictionary", "formulation", "write_documents"]

COMMAND = "optalloc document docs"
_WIDTH = 100
_ENFORCED = {
    "row": "by rows of this name",
    "sets": "by leaving out every variable that would violate it",
    "domain": "by the domain of its variable",
    "integers": "by whole numbers",
    "cuts": "by rows that are added where a point breaks it",
}


def write_documents(model: Model, folder: str | Path) -> list[Path]:
    """Write every document of a model into a folder, which is made if it is not there.

    Raises
    ------
    OptallocError
        If a file cannot be written.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, document in DOCUMENTS.items():
        with replacing(folder / name) as draft:
            draft.write_text(document(model), encoding="utf-8", newline="\n")
        written.append(folder / name)
    return written


def formulation(model: Model) -> str:
    """Give the formulation page: notation, ledgers, and each family with its limits."""
    parts = [
        "# Formulation",
        _generated(),
        *_own_words(model.doc),
        "A name with an index is a decision, a ledger or a column, whole or without its ending, or "
        "it is explained with the data of its family. Each family lists the symbols of its limits.",
        "## Families",
        _contents(family.title for family in model.families),
        "## Ledgers",
        "Families meet in ledgers: named, indexed sums with one unit. One family owns each, any "
        "may post to it and any may read it.",
        _table(
            ("ledger", "over", "unit", "meaning", "owned by"),
            [
                (*_ledger_cells(ledger), _link(family.title))
                for family in model.families
                for ledger in family.ledgers
            ],
        ),
    ]
    parts += _objective(model)
    for family in model.families:
        parts += _family_section(model, family)
    return _joined(parts)


def data_dictionary(model: Model) -> str:
    """Give the data dictionary: every sheet, every table of the plan, every code."""
    sheets = model.sheets.values()
    parts = [
        "# Data dictionary",
        _generated(),
        "A blank is not zero: each column says what a blank means. A sheet that may be left out "
        "may also be there without rows. Names are read without regard to case and spaces at their "
        "ends; a sheet or column whose name starts with `#` is a note and is not read.",
        "Contents: [sheets](#sheets), [tables of the plan](#tables-of-the-plan), "
        "[codes of problems](#codes-of-problems).",
        "## Sheets",
        _table(
            ("sheet", "a row says", "must be there", "family"),
            [
                (_link(sheet.name), sheet.meaning, "yes" if sheet.required else "no", family.title)
                for family in model.families
                for sheet in family.sheets
            ]
            + [
                (_link(sheet.name), sheet.meaning, "no", "any model")
                for sheet in (*UNCERTAINTY_SHEETS.values(), SWEEPS)
            ],
        ),
    ]
    for sheet in sheets:
        parts += _sheet_section(sheet)
    parts.append("## Tables of the plan")
    outputs = (SUMMARY, *model.outputs.values(), LIMITS, MARGINALS, AUDIT, RUN)
    for spec in outputs:
        parts += _output_section(spec)
    parts.append(
        "Under uncertainty these stand first, and the tables above have a first column `scenario`."
    )
    for spec in policy_specs((), model.actions):
        if spec.name not in {*model.outputs, *(own.name for own in outputs)}:
            parts += _output_section(spec)
    return _joined([*parts, *_codes(model)])


DOCUMENTS = {"formulation.md": formulation, "data_dictionary.md": data_dictionary}


# The formulation ----------------------------------------------------------------------------------


def _objective(model: Model) -> Iterator[str]:
    """The objective as one sum, and each of its terms."""
    terms = [(family, term) for family in model.families for term in family.costs]
    if not terms:
        return
    yield "## Objective"
    yield "The plan that minimises the sum of all terms, each discounted from when it is paid:"
    total = " + ".join(term.item for _, term in terms)
    yield "```\n" + "\n".join(_wrapped(f"minimise {total}")) + "\n```"
    yield _table(
        ("term", "kind", "sum, before discounting", "paid", "escalates", "family"),
        [
            (
                f"`{term.item}`",
                term.kind,
                f"`{term.formula}`",
                _prose(term.paid),
                _prose(term.escalation),
                _link(family.title),
            )
            for family, term in terms
        ],
    )


def _family_section(model: Model, family: Family) -> Iterator[str]:
    summary, words = sections(family.doc)
    yield f"## {family.title}"
    if summary:
        title, _, rest = summary.partition(": ")
        yield f"*{_raised(_prose(rest or title))}*"
    for heading, text in words.items():
        # What is said of the limits stands with the limits.
        if heading not in ("Limits", "Reads and posts", "Source"):
            yield f"**{heading}.** {_prose(text)}"
    used = symbols_in(limit.formula for limit in family.limits)
    if used:
        yield "### Symbols of " + _lowered(family.title)
        yield _table(
            ("symbol", "is", "unit", "meaning"),
            [_symbol_cells(explained(model, family, symbol)) for symbol in used],
        )
    if family.limits:
        yield "### Limits of " + _lowered(family.title)
    if "Limits" in words:
        yield _prose(words["Limits"])
    for limit in family.limits:
        yield from _limit_section(limit)
    if family.strengthening:
        rows = " and ".join(f"`{name}`" for name in family.strengthening)
        yield (
            f"**Strengthening.** {rows}: implied by the rest; taken row by row, only where the "
            "linear relaxation breaks them."
        )
    if "Reads and posts" in words:
        yield f"**Reads and posts.** {_prose(words['Reads and posts'])}"
        named = set(re.findall(r"``(\w+)``", words["Reads and posts"]))
        ledgers = [ledger for ledger in model.ledgers.values() if ledger.name in named]
        yield _table(("ledger", "over", "unit", "meaning"), [_ledger_cells(x) for x in ledgers])
    if "Source" in words:
        yield f"**Source.** {_prose(words['Source'])}"


def _limit_section(limit: Limit) -> Iterator[str]:
    yield f"#### {limit.name}"
    yield "```\n" + "\n".join(_wrapped(limit.formula)) + "\n```"
    sentence = re.sub(r"\{(\w+)\}", r"*\1*", limit.sentence)
    said = "When it binds" if limit.reported else "In words (not reported when it binds)"
    yield "\n".join(
        (
            f"- {said}: {_prose(sentence)}.",
            f"- Unit of used and allowed: {limit.unit}; audited as used {limit.sense} allowed.",
            f"- Marginal value: {_prose(limit.marginal)}.",
            f"- Enforced {_ENFORCED[limit.enforced]}.",
        )
    )


def _wrapped(formula: str) -> list[str]:
    return textwrap.wrap(
        formula, _WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )


def _symbol_cells(symbol: Symbol) -> tuple[str, ...]:
    return f"`{symbol.name}`", symbol.kind, symbol.unit, _prose(symbol.meaning)


def _ledger_cells(ledger: Ledger) -> tuple[str, ...]:
    return f"`{ledger.name}`", ", ".join(ledger.over) or "one total", ledger.unit, ledger.meaning


# The dictionary -----------------------------------------------------------------------------------


def _sheet_section(sheet: Sheet) -> Iterator[str]:
    yield f"### {sheet.name}"
    facts = ["Must be there, with at least one row." if sheet.required else "May be left out."]
    if sheet.vertical:
        facts.append("One record: names down the first column, values in the second.")
    if sheet.key:
        keys = ", ".join(f"`{name}`" for name in sheet.key)
        facts.append(f"Key: {keys}. A missing key means: {sheet.missing}.")
    yield f"{_prose(sheet.meaning)} {' '.join(facts)}"
    yield _table(
        ("column", "kind", "unit", "meaning", "allowed", "a blank means", "example"),
        [
            (
                f"`{column.name}`",
                str(column.kind),
                column.unit,
                column.meaning,
                _allowed(column),
                column.blank_in_words,
                _example(column),
            )
            for column in sheet.columns
        ],
    )
    if sheet.rules:
        yield f"In each row, {'; '.join(_with_columns_marked(rule) for rule in sheet.rules)}."


def _with_columns_marked(rule: Rule) -> str:
    """The sentence of a rule, names of columns as code."""
    names = "|".join(re.escape(name) for name in rule.reads)
    return re.sub(rf"\b({names})\b", r"`\1`", rule.sentence)


def _allowed(column: Column) -> str:
    """Bounds, choices, or where names come from."""
    if column.refers_to:
        sheet, _, name = column.refers_to.partition(".")
        return f"a `{name}` of {_link(sheet)}"
    words = ", ".join(f"`{choice}`" for choice in column.choices) or column.bounds_in_words
    usual = column.plausible
    if usual is None:
        return words
    return "; ".join(filter(None, (words, f"usually {usual.low:,.12g} to {usual.high:,.12g}")))


def _example(column: Column) -> str:
    if column.example is None:
        return ""
    if isinstance(column.example, bool):
        return "yes" if column.example else "no"
    number = isinstance(column.example, int | float)
    return f"{column.example:.12g}" if number else str(column.example)


def _output_section(spec: TableSpec) -> Iterator[str]:
    yield f"### {spec.name} (plan)"
    keys = ", ".join(f"`{name}`" for name in spec.key)
    yield f"{_prose(spec.meaning)}" + (f" Key: {keys}." if keys else "")
    rows = [(f"`{c.name}`", str(c.kind), c.unit, c.meaning) for c in spec.columns]
    yield _table(("column", "kind", "unit", "meaning"), rows)


def _codes(model: Model) -> Iterator[str]:
    yield "## Codes of problems"
    yield "Every message about an input ends with a code in brackets. Codes do not change."
    yield "### Files and their structure"
    yield _table(
        ("code", "what must hold", "what to do"),
        [(f"`{code}`", must, action) for code, (must, action) in sorted(FILE_CODES.items())],
    )
    for title, codes in CODES.items():
        yield f"### {title}"
        yield _table(("code", "meaning"), [(f"`{code}`", codes[code]) for code in sorted(codes)])
    yield "### Rules of the families"
    own = sorted(
        (code, family.title, meaning)
        for family in model.families
        for code, meaning in family.codes.items()
    )
    yield _table(
        ("code", "family", "meaning"), [(f"`{code}`", title, words) for code, title, words in own]
    )


# Markdown -----------------------------------------------------------------------------------------


def _generated() -> str:
    return f"<!-- Written by `{COMMAND}`. Change the model's files, not this page. -->"


def _own_words(doc: str) -> Iterator[str]:
    """A docstring as it stands: its summary, then its sections."""
    summary, words = sections(doc)
    if summary:
        yield _prose(summary)
    for heading, text in words.items():
        yield f"**{heading}.** {_prose(text)}"


def _prose(text: str) -> str:
    """Text of a docstring as Markdown; paragraphs and lists keep their lines."""
    return text.replace("``", "`").strip()


def _lowered(title: str) -> str:
    return title[:1].lower() + title[1:]


def _raised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _contents(titles: Iterable[str]) -> str:
    return "\n".join(f"- {_link(title)}" for title in titles)


def _link(title: str) -> str:
    """Link to a heading of the same page."""
    anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
    return f"[{title}](#{anchor})"


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines)


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", r"\|")


def _joined(parts: Iterable[str]) -> str:
    return "\n\n".join(part for part in parts if part) + "\n"
