"""Formulation, data dictionary and problem codes, in Markdown, from what the families declare.

Nothing is said here that the model folder does not say: its docstring gives the notation, each
family's docstring the words, and each record its sheets, ledgers, limits, tables and codes.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

from optalloc.data.rules import Rule
from optalloc.data.schema import Column, Sheet
from optalloc.errors import CODES
from optalloc.modelling.family import Family, Ledger
from optalloc.modelling.limits import Limit
from optalloc.modelling.model import Model
from optalloc.modelling.outputs import TableSpec
from optalloc.modelling.policy_tables import policy_specs
from optalloc.modelling.tables import AUDIT, LIMITS, MARGINALS, RUN, SUMMARY
from optalloc.report.document_parts import contents, generated, joined, link, prose, table
from optalloc.report.symbols import Symbol, explained, sections, symbols_in
from optalloc.scenarios.sheet import SWEEPS
from optalloc.scenarios.uncertainty_sheets import UNCERTAINTY_SHEETS
from optalloc.spreadsheet.faults import FILE_CODES

__all__ = ["COMMAND", "DOCUMENTS", "data_dictionary", "formulation", "problem_codes"]

COMMAND = "optalloc document docs/reference"
SOURCE = "the model's files"
_WIDTH = 100
_ENFORCED = {
    "row": "by rows of this name",
    "sets": "by leaving out every variable that would violate it",
    "domain": "by the domain of its variable",
    "integers": "by whole numbers",
    "cuts": "by rows that are added where a point breaks it",
}


def formulation(model: Model) -> str:
    """Give the formulation page: notation, ledgers, and each family with its limits."""
    parts = [
        "# Formulation",
        generated(COMMAND, SOURCE),
        *_own_words(model.doc),
        "A name with an index is a decision, a ledger or a column, whole or without its ending, or "
        "it is explained with the data of its family. Each family lists the symbols of its limits.",
        "## Families",
        contents(family.title for family in model.families),
        "## Ledgers",
        "Families meet in ledgers: named, indexed sums with one unit. One family owns each, any "
        "may post to it and any may read it.",
        table(
            ("ledger", "over", "unit", "meaning", "owned by"),
            [
                (*_ledger_cells(ledger), link(family.title))
                for family in model.families
                for ledger in family.ledgers
            ],
        ),
    ]
    parts += _objective(model)
    for family in model.families:
        parts += _family_section(model, family)
    return joined(parts)


def data_dictionary(model: Model) -> str:
    """Give the data dictionary: every sheet, every table of the plan, every code."""
    sheets = model.sheets.values()
    parts = [
        "# Data dictionary",
        generated(COMMAND, SOURCE),
        "A blank is not zero: each column says what a blank means. A sheet that may be left out "
        "may also be there without rows. Names are read without regard to case and spaces at their "
        "ends; a sheet or column whose name starts with `#` is a note and is not read.",
        "Contents: [sheets](#sheets), [tables of the plan](#tables-of-the-plan). What is wrong "
        "with an input is said by one of the [problem codes](problem_codes.md).",
        "## Sheets",
        table(
            ("sheet", "a row says", "must be there", "family"),
            [
                (link(sheet.name), sheet.meaning, "yes" if sheet.required else "no", family.title)
                for family in model.families
                for sheet in family.sheets
            ]
            + [
                (link(sheet.name), sheet.meaning, "no", "any model")
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
    return joined(parts)


def problem_codes(model: Model) -> str:
    """Give the page of problem codes: of files, of the engine, and of each family."""
    parts = [
        "# Problem codes",
        generated(COMMAND, SOURCE),
        "Every message about an input ends with a code in brackets. Codes do not change.",
        "## Files and their structure",
        table(
            ("code", "what must hold", "what to do"),
            [(f"`{code}`", must, action) for code, (must, action) in sorted(FILE_CODES.items())],
        ),
    ]
    for title, codes in CODES.items():
        parts.append(f"## {title}")
        parts.append(
            table(("code", "meaning"), [(f"`{code}`", codes[code]) for code in sorted(codes)])
        )
    own = sorted(
        (code, family.title, meaning)
        for family in model.families
        for code, meaning in family.codes.items()
    )
    parts.append("## Rules of the families")
    parts.append(
        table(
            ("code", "family", "meaning"),
            [(f"`{code}`", title, words) for code, title, words in own],
        )
    )
    return joined(parts)


DOCUMENTS = {
    "formulation.md": formulation,
    "data_dictionary.md": data_dictionary,
    "problem_codes.md": problem_codes,
}


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
    yield table(
        ("term", "kind", "sum, before discounting", "paid", "escalates", "family"),
        [
            (
                f"`{term.item}`",
                term.kind,
                f"`{term.formula}`",
                prose(term.paid),
                prose(term.escalation),
                link(family.title),
            )
            for family, term in terms
        ],
    )


def _family_section(model: Model, family: Family) -> Iterator[str]:
    summary, words = sections(family.doc)
    yield f"## {family.title}"
    if summary:
        title, _, rest = summary.partition(": ")
        yield f"*{_raised(prose(rest or title))}*"
    for heading, text in words.items():
        # What is said of the limits stands with the limits.
        if heading not in ("Limits", "Reads and posts", "Source"):
            yield f"**{heading}.** {prose(text)}"
    used = symbols_in(limit.formula for limit in family.limits)
    if used:
        yield "### Symbols of " + _lowered(family.title)
        yield table(
            ("symbol", "is", "unit", "meaning"),
            [_symbol_cells(explained(model, family, symbol)) for symbol in used],
        )
    if family.limits:
        yield "### Limits of " + _lowered(family.title)
    if "Limits" in words:
        yield prose(words["Limits"])
    for limit in family.limits:
        yield from _limit_section(limit)
    if family.strengthening:
        rows = " and ".join(f"`{name}`" for name in family.strengthening)
        yield (
            f"**Strengthening.** {rows}: implied by the rest; taken row by row, only where the "
            "linear relaxation breaks them."
        )
    if "Reads and posts" in words:
        yield f"**Reads and posts.** {prose(words['Reads and posts'])}"
        named = set(re.findall(r"``(\w+)``", words["Reads and posts"]))
        ledgers = [ledger for ledger in model.ledgers.values() if ledger.name in named]
        yield table(("ledger", "over", "unit", "meaning"), [_ledger_cells(x) for x in ledgers])
    if "Source" in words:
        yield f"**Source.** {prose(words['Source'])}"


def _limit_section(limit: Limit) -> Iterator[str]:
    yield f"#### {limit.name}"
    yield "```\n" + "\n".join(_wrapped(limit.formula)) + "\n```"
    sentence = re.sub(r"\{(\w+)\}", r"*\1*", limit.sentence)
    said = "When it binds" if limit.reported else "In words (not reported when it binds)"
    yield "\n".join(
        (
            f"- {said}: {prose(sentence)}.",
            f"- Unit of used and allowed: {limit.unit}; audited as used {limit.sense} allowed.",
            f"- Marginal value: {prose(limit.marginal)}.",
            f"- Enforced {_ENFORCED[limit.enforced]}.",
        )
    )


def _wrapped(formula: str) -> list[str]:
    return textwrap.wrap(
        formula, _WIDTH, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )


def _symbol_cells(symbol: Symbol) -> tuple[str, ...]:
    return f"`{symbol.name}`", symbol.kind, symbol.unit, prose(symbol.meaning)


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
    yield f"{prose(sheet.meaning)} {' '.join(facts)}"
    yield table(
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
        return f"a `{name}` of {link(sheet)}"
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
    yield f"{prose(spec.meaning)}" + (f" Key: {keys}." if keys else "")
    rows = [(f"`{c.name}`", str(c.kind), c.unit, c.meaning) for c in spec.columns]
    yield table(("column", "kind", "unit", "meaning"), rows)


def _own_words(doc: str) -> Iterator[str]:
    """A docstring as it stands: its summary, then its sections."""
    summary, words = sections(doc)
    if summary:
        yield prose(summary)
    for heading, text in words.items():
        yield f"**{heading}.** {prose(text)}"


def _lowered(title: str) -> str:
    return title[:1].lower() + title[1:]


def _raised(text: str) -> str:
    return text[:1].upper() + text[1:]
