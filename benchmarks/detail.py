"""What slices of the year and taxes do to a plan: a workbook solved with both, one and neither."""

from __future__ import annotations

import json
import resource
import sys
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from multiprocessing import get_context
from pathlib import Path

import pandas as pd

from benchmarks.families import without
from optalloc.data.dataset import Dataset
from optalloc.data.validate import validate
from optalloc.modelling.model import Model, load_model
from optalloc.pipeline.one_plan import solve_dataset
from optalloc.plan.plan import Plan
from optalloc.spreadsheet.read import read_workbook
from optalloc.system import replacing

__all__ = ["CASES", "Case", "as_markdown", "cut_down", "solved"]

# Each case with the families whose sheets it leaves out.
HOURLY, MONEY = ("slices", "surplus", "storage", "interruptible"), ("taxes",)
CASES: dict[str, tuple[str, ...]] = {
    "neither": (*HOURLY, *MONEY),
    "slices": MONEY,
    "taxes": HOURLY,
    "both": (),
}
# Differences below these are rounding, in MW.
SITE_MW, CONTRACT_MW = 0.5, 0.5


@dataclass(frozen=True)
class Case:
    """A plan with some of the detail: money in M, MW by name, the size of its program, its time.

    `before_tax` is the cost without the terms that taxes add; `processor_s` is of all processes,
    from validation to audit.
    """

    name: str
    cost: float
    bound: float
    before_tax: float
    rows: int
    columns: int
    integers: int
    processor_s: float
    unmet_mw_years: float
    started_mw: dict[str, float]
    country_mw: dict[str, float]
    signed_mw: dict[str, float]

    @property
    def gap(self) -> float:
        """Distance of cost and bound, of the cost."""
        return (self.cost - self.bound) / self.cost


def cut_down(data: Dataset, model: Model, case: str) -> Dataset:
    """Give the dataset without the sheets that a case leaves out."""
    for family in model.families:
        if family.name in CASES[case]:
            data, _ = without(data, model, family)
    return data


def solved(
    book: Path, out: Path, *, gap: float | None, time_limit_s: float | None, threads: int
) -> list[Case]:
    """Solve the cases one after another, each in a process of its own.

    Each is kept in `out` as it ends, and is not solved again where it is there.
    """
    out.mkdir(parents=True, exist_ok=True)
    cases = []
    for name in CASES:
        kept = out / f"{name}.json"
        if not kept.exists():
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
                found = pool.submit(_solved, book, name, gap, time_limit_s, threads).result()
            with replacing(kept) as draft:
                draft.write_text(json.dumps(asdict(found)), encoding="utf-8")
            print(f"{name}: {found.cost:,.1f} M, gap {found.gap:.2%}", file=sys.stderr)
        cases.append(Case(**json.loads(kept.read_text("utf-8"))))
    return cases


def _solved(
    book: Path, name: str, gap: float | None, time_limit_s: float | None, threads: int
) -> Case:
    model = load_model()
    data = cut_down(validate(read_workbook(book), model), model, name)
    plan = solve_dataset(data, model, gap=gap, time_limit_s=time_limit_s, threads=threads)
    bridge = plan["TaxBridge"]
    before = bridge.loc[bridge["term"] == "before tax", "present_value"].sum()
    last = plan["Procurement"].groupby("contract")["signed_mw"].sum()
    months = plan["Balance"].set_index("period")["months"]
    service = plan["Service"]
    unmet = float((service["unmet_mw"] * service["period"].map(months)).sum()) / 12
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return Case(
        name=name,
        cost=plan.cost,
        bound=plan.bound,
        before_tax=float(before) if len(bridge) else plan.cost,
        rows=plan.size["rows"],
        columns=plan.size["columns"],
        integers=plan.size["integers"],
        processor_s=sum(one.ru_utime + one.ru_stime for one in used),
        unmet_mw_years=unmet,
        started_mw=_started(plan, "site"),
        country_mw=_started(plan, "jurisdiction"),
        signed_mw=_numbers(last),
    )


def _started(plan: Plan, by: str) -> dict[str, float]:
    return _numbers(plan["Build"].groupby(by)["started_mw"].sum())


def _numbers(values: pd.Series) -> dict[str, float]:
    return {str(name): round(float(value), 3) for name, value in values.items()}


def as_markdown(cases: list[Case]) -> str:
    """Give three tables: cost and size of each case, MW by country, and changes of the plan."""
    first = cases[0]
    lines = [
        "| with | cost, M | at least, M | gap | cost before tax, M | rows | columns | integers |"
        " processor time |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {one.name} | {one.cost:,.0f} | {one.bound:,.0f} | {one.gap:.2%} |"
        f" {one.before_tax:,.0f} | {one.rows:,} | {one.columns:,} | {one.integers:,} |"
        f" {one.processor_s:,.0f} s |"
        for one in cases
    ]
    named = sorted({name for one in cases for name in one.country_mw})
    countries = sorted(named, key=lambda name: -first.country_mw.get(name, 0.0))
    lines += ["", f"| MW started | {' | '.join(one.name for one in cases)} |"]
    lines += [f"|---|{'---|' * len(cases)}"]
    for country in countries:
        figures = " | ".join(f"{one.country_mw.get(country, 0.0):,.0f}" for one in cases)
        lines.append(f"| {country} | {figures} |")
    lines += ["", "| with | sites, against neither | contracts signed, against neither |"]
    lines += ["|---|---|---|"]
    for one in cases[1:]:
        sites = _moved(first.started_mw, one.started_mw, SITE_MW, sites=True)
        contracts = _moved(first.signed_mw, one.signed_mw, CONTRACT_MW)
        lines.append(f"| {one.name} | {sites} | {contracts} |")
    return "\n".join(lines)


def _moved(
    before: dict[str, float], now: dict[str, float], least: float, *, sites: bool = False
) -> str:
    """Changes of MW by name, the largest first; of sites also those that are new or gone."""
    shift = {name: now.get(name, 0.0) - before.get(name, 0.0) for name in {*before, *now}}
    parts = []
    for name in sorted(shift, key=lambda name: (-abs(shift[name]), name)):
        if abs(shift[name]) < least:
            continue
        new, gone = before.get(name, 0.0) < least, now.get(name, 0.0) < least
        mark = ("+ " if new else "- " if gone else "") if sites else ""
        parts.append(f"{mark}{name} {shift[name]:+,.0f} MW")
    return "; ".join(parts) or "none"
