"""What each family does to a plan: a workbook solved again with the family's sheets left out."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

from optalloc.data.dataset import Dataset
from optalloc.data.validate import validate
from optalloc.errors import OptallocError, Severity
from optalloc.modelling.family import Family
from optalloc.modelling.model import Model, load_model
from optalloc.pipeline.one_plan import solve_dataset
from optalloc.spreadsheet.read import read_workbook

__all__ = ["LeftOut", "as_markdown", "left_out", "without"]

# Contracts without prices, or the other way round, leave sites without energy: they go together.
TOGETHER = {"contracts": ("PowerPrices", "Carbon")}
WITH_OTHERS = ("energy",)
LONGEST_NOTE = 160


@dataclass(frozen=True)
class LeftOut:
    """A plan without some sheets: its cost and bound in M, and MW started by site."""

    family: str
    sheets: tuple[str, ...]
    cost: float = float("nan")
    bound: float = float("nan")
    started_mw: tuple[tuple[str, float], ...] = ()
    note: str = ""

    @property
    def sites(self) -> set[str]:
        """Sites on which something is built."""
        return {site for site, mw in self.started_mw if mw > 0}


def without(data: Dataset, model: Model, family: Family) -> tuple[Dataset, tuple[str, ...]]:
    """Give the dataset without a family's sheets, but for those that sheets of others name."""
    asked = [*(sheet.name for sheet in family.sheets), *TOGETHER.get(family.name, ())]
    named = {
        column.refers_to.split(".")[0]
        for other in model.families
        if other is not family
        for sheet in other.sheets
        for column in sheet.columns
        if sheet.name not in asked
        and column.refers_to
        and data[sheet.name][column.name].notna().any()
    }
    gone = [name for name in asked if not model.sheets[name].required and name not in named]
    gone = [name for name in gone if len(data[name])]
    return data.with_frames({name: data[name].iloc[:0] for name in gone}), tuple(gone)


def optional(model: Model, data: Dataset) -> Iterator[str]:
    """Families that can be left out: none of their sheets is required."""
    for family in model.families:
        required = any(sheet.required for sheet in family.sheets)
        if not required and family.name not in WITH_OTHERS and without(data, model, family)[1]:
            yield family.name


def left_out(
    book: Path,
    *,
    gap: float | None,
    time_limit_s: float | None,
    only: frozenset[str] | None,
    jobs: int,
) -> list[LeftOut]:
    """Solve a workbook whole, and without each family.

    Parameters
    ----------
    gap, time_limit_s : float, optional
        Of each plan; the workbook's own by default.
    only : frozenset of str, optional
        Families to leave out; all by default.
    jobs : int
        Plans at a time, each in a process of its own.
    """
    model = load_model()
    data = validate(read_workbook(book), model)
    names = [name for name in optional(model, data) if only is None or name in only]
    tasks = [(book, name, gap, time_limit_s) for name in ["", *names]]
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        return list(pool.map(_solved, *zip(*tasks, strict=True)))


def _solved(book: Path, name: str, gap: float | None, time_limit_s: float | None) -> LeftOut:
    model = load_model()
    data = validate(read_workbook(book), model)
    gone: tuple[str, ...] = ()
    if name:
        family = next(family for family in model.families if family.name == name)
        data, gone = without(data, model, family)
    said = [p for f in model.families for p in f.check(data) if p.severity is Severity.ERROR]
    if said:
        return LeftOut(name, gone, note=f"cannot be left out: {said[0]}")
    try:
        plan = solve_dataset(data, model, gap=gap, time_limit_s=time_limit_s, threads=1)
    except OptallocError as error:
        return LeftOut(name, gone, note=f"{type(error).__name__}: {error}")
    started = plan["Build"].groupby("site")["started_mw"].sum()
    pairs = tuple((str(site), float(mw)) for site, mw in started.items())
    print(f"{name or 'nothing left out'}: {plan.cost:,.1f} M", file=sys.stderr)
    return LeftOut(name, gone, plan.cost, plan.bound, pairs)


def as_markdown(found: list[LeftOut]) -> str:
    """One row for each family left out, against the first, from which nothing is."""
    whole = found[0]
    lines = [
        "| left out | sheets | cost, M | at least, M | sites built on | against the whole plan |",
        "|---|---|---|---|---|---|",
    ]
    for row in found:
        sheets = ", ".join(row.sheets) or "none"
        numbers = f"{row.cost:,.0f} | {row.bound:,.0f} | {len(row.sites)}"
        if row.note:
            lines.append(f"| {row.family} | {sheets} | | | | {row.note[:LONGEST_NOTE]} |")
        else:
            told = _difference(whole, row) if row is not whole else ""
            lines.append(f"| {row.family or 'nothing'} | {sheets} | {numbers} | {told} |")
    return "\n".join(lines)


def _difference(whole: LeftOut, row: LeftOut) -> str:
    parts = [
        *(f"+ {site}" for site in sorted(row.sites - whole.sites)),
        *(f"- {site}" for site in sorted(whole.sites - row.sites)),
    ]
    before, now = dict(whole.started_mw), dict(row.started_mw)
    shift = {site: now.get(site, 0.0) - before.get(site, 0.0) for site in row.sites & whole.sites}
    moved = sorted((s for s in shift if abs(shift[s]) >= 0.5), key=lambda s: -abs(shift[s]))
    parts += [f"{site} {shift[site]:+,.0f} MW" for site in moved[:3]]
    # Costs are known to within their bounds only.
    apart = row.cost < whole.bound or row.bound > whole.cost
    if not apart:
        parts.append("cost: difference undecided at this gap")
    return "; ".join(parts) or "nothing"
