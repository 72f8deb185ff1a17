"""Result of a roll: sentences, tables, one page and one workbook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from optalloc.modelling.exhibits import Distribution, Exhibit, Listing, Series
from optalloc.modelling.interval_exhibits import Bars, Span
from optalloc.modelling.outputs import Chart, TableSpec
from optalloc.modelling.reports import Report
from optalloc.report.findings import Findings, figure
from optalloc.rolling.tables import (
    AGAIN,
    COSTS_BY_FUTURE,
    DIFFERENCES,
    FUTURES,
    POLICIES,
    REGRETTED,
    REPLANS,
)
from optalloc.system import replacing

__all__ = ["RollResult", "result_of"]

# Futures that a sentence names, and regretted actions.
NAMED = 3
TITLE = "The plan made again and again"


@dataclass(frozen=True)
class RollResult(Findings):
    """Findings on a roll, and the page that shows them.

    ``about`` has the workbook's name, and the settings of the roll.
    """

    about: Mapping[str, Any] = field(default_factory=dict)

    def to_html(self, path: str | Path) -> None:
        """Write one page to look at.

        Raises
        ------
        OptallocError
            If the file cannot be written.
        """
        # Imported only when a page is written, as it takes a second.
        from optalloc.report.payload import payload  # noqa: PLC0415
        from optalloc.report.render import Words, rendered  # noqa: PLC0415

        exhibits = tuple(_exhibits(self))
        content = payload(self.tables, self.specs, (), Report(exhibits=exhibits))
        words = Words(
            kind="Roll",
            name=str(self.about["book"]),
            pill=f"every {self.about['every_months']}, "
            f"ahead {self.about['look_ahead_months']} months",
            headline=self.sentences[0],
            lead=self.sentences[1:],
            figures=[*_cards(self.tables[POLICIES.name])],
            about_tables="The tables of the roll as they are, in full.",
        )
        page = rendered(content, self.tables, words)
        with replacing(path) as draft:
            draft.write_text(page, encoding="utf-8")

    def to_dict(self) -> dict[str, Any]:
        """The roll as plain values, ready for JSON; dates as ISO text, blanks as null."""
        return dict(self.about) | super().to_dict()


def result_of(
    book: str,
    every: int,
    look_ahead: int,
    draws: int | None,
    tables: Mapping[str, pd.DataFrame],
    specs: tuple[TableSpec, ...],
) -> RollResult:
    """The result of a roll, in words.

    Parameters
    ----------
    book : str
        Name of the workbook.
    every, look_ahead : int
        Months.
    draws : int, optional
    tables, specs
        From `optalloc.rolling.figures.figures_of`.
    """
    about = {"book": book, "every_months": every, "look_ahead_months": look_ahead, "draws": draws}
    sentences = tuple(_sentences(tables, every, look_ahead, draws))
    charts = tuple(_charts(tables))
    return RollResult(TITLE, sentences, tables, specs, charts=charts, about=about)


# Words ------------------------------------------------------------------------------------------


def _sentences(
    tables: Mapping[str, pd.DataFrame], every: int, look_ahead: int, draws: int | None
) -> Iterator[str]:
    count = tables[FUTURES.name]["future"].nunique()
    what = (
        f"in {count:,} futures, drawn independently"
        if draws is not None
        else "in each of the workbook's scenarios, by their probability"
        if count > 1
        else "as it stands"
    )
    yield (
        f"The plan was made again every {_months(every)}, looking {_months(look_ahead)} ahead, "
        f"{what}."
    )
    row: Any
    for row in tables[POLICIES.name].itertuples():
        if row.without_plan or row.undecided:
            yield from _lost(tables[FUTURES.name], row)
        else:
            yield _cost(row, single=count == 1)
    for row in tables[DIFFERENCES.name].itertuples():
        if row.futures:
            yield _difference(row)
    for row in tables[POLICIES.name].itertuples():
        if row.changed == row.changed:
            yield (
                f"{row.policy}: of what a plan has for later, the next one drops or changes "
                f"{100 * row.changed:.0f} %."
            )
    yield from _regretted(tables, count)
    again = tables.get(AGAIN.name)
    for policy, own in () if again is None else again.groupby("policy", sort=False):
        yield (
            f"{policy}: {len(own):,} actions are not as they were decided when they fell due: what "
            f"is not held was decided again with what was known later (table {AGAIN.name}). That "
            "is optimistic."
        )


def _months(number: int) -> str:
    return f"{number:,} months" if number > 1 else "month"


def _cost(row: Any, *, single: bool) -> str:
    between = ""
    if not np.isnan(row.mean_from):
        low, high = figure(row.mean_from), figure(row.mean_to)
        between = f", with 95 % confidence between {low} and {high}"
    mean = "" if single else " on average"
    noise = 1e-6 * max(1.0, abs(row.mean))
    least, most = max(row.above_at_least, 0.0), row.above_at_most
    if most <= noise:
        above = "no more than perfect foresight"
    elif most - least <= 2 * noise:
        above = f"{figure(row.above)} M more than perfect foresight"
    else:
        above = (
            f"{figure(row.above)} M more than perfect foresight (at least {figure(least)}, "
            f"at most {figure(most)})"
        )
    return f"{row.policy}: {figure(row.mean)} M{mean}{between}; {above}."


def _lost(futures: pd.DataFrame, row: Any) -> Iterator[str]:
    own = futures[(futures["policy"] == row.policy) & futures["cost"].isna()]
    if row.futures == 1:
        yield f"{row.policy}: {own.iloc[0]['reason']}."
    else:
        yield from _lost_of_several(own, row)
    if row.without_plan:
        yield (
            f"{row.policy}: a plan that looks further ahead, or penalties for what may be left "
            "undone, may go on."
        )


def _lost_of_several(own: pd.DataFrame, row: Any) -> Iterator[str]:
    names = own["future"].tolist()
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    yield (
        f"{row.policy}: no plan of the whole horizon in {len(names):,} of {row.futures:,} futures "
        f"({', '.join(names[:NAMED])}{more}), so that it has no mean."
    )
    first = own.iloc[0]
    yield f"{row.policy}, {first['future']}: {first['reason']}."


def _difference(row: Any) -> str:
    if abs(row.difference) <= 1e-6 and np.isnan(row.at_least):
        return f"{row.policy} and {row.other} cost the same on average."
    more = "more" if row.difference >= 0 else "less"
    left = f", in the {row.futures:,} futures in which both have a plan" if row.left_out else ""
    words = (
        f"{row.policy} costs {figure(abs(row.difference))} M {more} than {row.other} "
        f"on average{left}"
    )
    if np.isnan(row.at_least):
        return f"{words}."
    sure = "" if row.at_least > 0 or row.at_most < 0 else ", which decides nothing"
    low, high = sorted((row.at_least, row.at_most))
    return (
        f"{words}; the difference lies with 95 % confidence between {figure(low)} and "
        f"{figure(high)}{sure}."
    )


def _regretted(tables: Mapping[str, pd.DataFrame], count: int) -> Iterator[str]:
    found = tables.get(REGRETTED.name)
    if found is None:
        return
    names = [c for c in found.columns if c not in ("policy", "futures", "share")]
    words = [name for name in names if not pd.api.types.is_numeric_dtype(found[name])]
    for policy, own in found.groupby("policy", sort=False):
        listed = "; ".join(
            " ".join(str(row[name]) for name in words)
            + ("" if count == 1 else f" ({100 * row['share']:.0f} %)")
            for row in own.head(NAMED).to_dict("records")
        )
        more = f"; and {len(own) - NAMED:,} more" if len(own) > NAMED else ""
        yield f"{policy}: decided, and not so by perfect foresight: {listed}{more}."


# Pictures ---------------------------------------------------------------------------------------


def _policies(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    return list(dict.fromkeys(tables[FUTURES.name]["policy"]))


def _exhibits(result: RollResult) -> Iterator[Exhibit]:
    policies = _policies(result.tables)
    yield Listing(title="What each policy costs", order=10, table=POLICIES.name)
    if len(result.tables[COSTS_BY_FUTURE]) > 1:
        yield Distribution(
            title="What it may cost",
            order=20,
            note="Probability that the cost is no more than so much. A future without a plan is "
            "left out.",
            table=COSTS_BY_FUTURE,
            label="future",
            share="weight",
            series=(
                *(Series(table=COSTS_BY_FUTURE, value=name, label=name) for name in policies),
                Series(
                    table=COSTS_BY_FUTURE, value="foresight", label="perfect foresight", dash="dot"
                ),
            ),
            marks=(),
            x_title="Cost (M, present value)",
        )
    yield Bars(
        title="More than perfect foresight",
        order=30,
        note="What the roll costs more than the best plan for the future, had it been known; the "
        "line at a bar's end is what the gaps leave open.",
        table=FUTURES.name,
        label="case",
        spans=(Span(label="above", value="above", less="less", more="more"),),
        label_title="Policy and future",
        value_title="More than perfect foresight (M, present value)",
    )
    if REGRETTED.name in result.tables:
        yield Listing(
            title="Decided, and not so by perfect foresight",
            order=40,
            table=REGRETTED.name,
            note="In so many futures the roll decided it, or more of it, in a step in which the "
            "best plan for that future does not.",
        )
    yield Listing(title="Plan by plan", order=50, table=REPLANS.name)


def _charts(tables: Mapping[str, pd.DataFrame]) -> Iterator[Chart]:
    yield Chart(
        title="What each policy costs in each future",
        table=COSTS_BY_FUTURE,
        kind="points",
        x="future",
        series=(*_policies(tables), "foresight"),
        x_title="Future",
        y_title="Cost (M, present value)",
    )


def _cards(policies: pd.DataFrame) -> Iterator[dict[str, object]]:
    unit = "M, present value"
    for row in policies.to_dict("records"):
        for name, label in (("mean", ""), ("above", ", more than foresight")):
            if row[name] == row[name]:
                value = float(row[name])
                shown = figure(value)
                yield {
                    "label": f"{row['policy']}{label}",
                    "value": value,
                    "shown": shown,
                    "unit": unit,
                }
