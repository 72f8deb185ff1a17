"""Findings of a campaign: tables worked out from its runs, and sentences on them."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from optalloc.analysis.bench import figures, sentences
from optalloc.analysis.bench import tables as specs
from optalloc.analysis.bench.answers import Known, best_plans, wrong_answers
from optalloc.analysis.bench.ratios import against as against_earlier
from optalloc.analysis.bench.ratios import ratios
from optalloc.analysis.bench.routes import UNSUITED
from optalloc.analysis.bench.store import KEY, RunStore
from optalloc.mip.outcome import relative_gap
from optalloc.modelling.outputs import Chart, TableSpec
from optalloc.report.findings import Findings

__all__ = ["counted", "findings_of"]


def counted(store: RunStore, digests: Mapping[str, str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Runs of a folder that count, and their traces.

    Those of an input that has changed since do not, and of runs that differ in their time limit
    alone the longest counts. Where threads or gaps differ, the names of routes say which.

    Parameters
    ----------
    store : RunStore
    digests : mapping of str to str
        Of the input of instances as they are now.
    """
    runs = store.runs()
    kept = [
        digest == digests.get(name, digest)
        for name, digest in zip(runs["instance"], runs["digest"].fillna(""), strict=True)
    ]
    runs = figures.longest(runs[np.array(kept, dtype=bool)]).reset_index(drop=True)
    traces = store.traces().merge(runs[list(KEY)], on=list(KEY))
    for column, words in (("threads", "{:g} threads"), ("gap_asked", "gap {:g}")):
        if len(runs) and runs.groupby("instance")[column].nunique().max() > 1:
            for frame in (runs, traces):
                frame["route"] = frame["route"] + ", " + frame[column].map(words.format)
    return runs, traces


def _measured(
    runs: pd.DataFrame, traces: pd.DataFrame, best: Mapping[str, float], wrong: pd.DataFrame
) -> pd.DataFrame:
    """The runs with their primal integrals, the best plan known, and which are wrong."""
    return runs.assign(
        primal_integral=figures.primal_integrals(runs, traces, best).where(
            runs["stop_reason"] != UNSUITED
        ),
        best=[best.get(name, np.nan) for name in runs["instance"]],
        wrong=runs.index.isin(wrong["number"]),
    )


def _minimised(known: Mapping[str, Known], runs: pd.DataFrame) -> dict[str, Known]:
    """The plans and bounds that are known, of costs that are to be minimised."""
    turned = dict(zip(runs["instance"], runs["maximised"], strict=True))
    return {
        name: one.minimised(maximised=bool(turned.get(name, False))) for name, one in known.items()
    }


def findings_of(
    runs: pd.DataFrame,
    traces: pd.DataFrame,
    known: Mapping[str, Known],
    earlier: tuple[pd.DataFrame, pd.DataFrame] | None = None,
    *,
    remarks: Iterable[str] = (),
    more: Mapping[str, tuple[TableSpec, pd.DataFrame]] | None = None,
) -> Findings:
    """Sentences and tables of a campaign.

    Parameters
    ----------
    runs, traces : pandas.DataFrame
        From `counted`.
    known : mapping of str to Known
        As the instances' files have them.
    earlier : tuple of DataFrame, optional
        Runs and traces of an earlier campaign.
    remarks : iterable of str
        Further sentences.
    more : mapping, optional
        Further tables by name.

    Returns
    -------
    Findings
    """
    # Two campaigns are measured by the same plans, the best of either.
    every = runs if earlier is None else pd.concat([runs, earlier[0]], ignore_index=True)
    minimised = _minimised(known, every)
    best = best_plans(every, minimised)
    wrong = wrong_answers(runs, minimised)
    runs = _measured(runs, traces, best, wrong)
    compared = ratios(runs).assign(
        label=_label,
        less=lambda f: f["ratio"] - f["low"],
        more=lambda f: f["high"] - f["ratio"],
    )
    averages = figures.summary(runs).assign(label=_label, none=0.0)
    frames = {
        specs.WRONG: wrong,
        specs.ROUTES: averages,
        specs.RATIOS: compared,
        specs.PROFILE: figures.profile(runs),
        specs.RUNS: _runs(runs),
        specs.TRACES: _traces(traces, runs),
    }
    said = [
        *sentences.on_wrong(wrong),
        *sentences.on_routes(averages),
        *sentences.on_ratios(compared),
        *sentences.on_failures(runs),
    ]
    if earlier is not None:
        then = _measured(*earlier, best, wrong_answers(earlier[0], minimised))
        frames[specs.AGAINST] = against_earlier(runs, then)
        said += sentences.on_against(frames[specs.AGAINST], runs, then)
    frames[specs.CONDITIONS] = _conditions(runs)
    said += sentences.on_conditions(runs)
    frames |= dict((more or {}).values())
    return Findings(
        sentences.title(runs),
        tuple(said) + tuple(remarks),
        {spec.name: _laid_out(frame, spec) for spec, frame in frames.items()},
        tuple(frames),
        charts=_CHARTS,
    )


def _bars(
    title: str, spec: TableSpec, value: str, y_title: str, noise: tuple[tuple[str, str], ...] = ()
) -> Chart:
    return Chart(
        title=title,
        table=spec.name,
        kind="bars",
        x="label",
        series=(value,),
        x_title="",
        y_title=y_title,
        noise=noise,
    )


_CHARTS = (
    _bars("Seconds to the gap, shifted geometric means", specs.ROUTES, "seconds", "s"),
    _bars(
        "Times as long as the first route",
        specs.RATIOS,
        "ratio",
        "Times as long",
        (("less", "more"),),
    ),
    _bars("Peak memory", specs.ROUTES, "peak_mb", "MB"),
)


def _laid_out(frame: pd.DataFrame, spec: TableSpec) -> pd.DataFrame:
    """The declared columns, in order."""
    return frame.reindex(columns=[column.name for column in spec.columns]).reset_index(drop=True)


def _label(frame: pd.DataFrame) -> pd.Series:
    """Group and route of each row."""
    return frame["group"] + ": " + frame["route"]


def _runs(runs: pd.DataFrame) -> pd.DataFrame:
    """The runs as they are shown: costs as their files have them, blanks for infinities."""
    sign = np.where(runs["maximised"], -1.0, 1.0)
    audit = {"True": "passed", "False": "failed"}
    return runs.assign(
        objective=_finite(sign * runs["objective"]),
        bound=_finite(sign * runs["bound"]),
        gap_percent=_finite(100 * runs["gap"]),
        stopped=runs["stop_reason"],
        audit=runs["audit_passed"].astype(str).map(audit),
    )


def _traces(traces: pd.DataFrame, runs: pd.DataFrame) -> pd.DataFrame:
    """Plan and bound over time as they are shown, each up to when its solver stopped."""
    key = list(KEY)
    steps = ["seconds_read", "seconds_build", "seconds_compile", "seconds_solve"]
    # A file of a program is only read.
    stopped = runs.assign(stopped=runs[steps].fillna(0.0).sum(axis=1))[
        runs["seconds_solve"].notna()
    ]
    ends = traces.groupby(key, sort=False).tail(1).merge(stopped[[*key, "stopped"]], on=key)
    ends = ends[ends["stopped"] > ends["seconds"]].assign(seconds=lambda f: f["stopped"])
    frame = pd.concat([traces, ends.drop(columns="stopped")], ignore_index=True)
    frame["order"] = frame.groupby(key, sort=False).ngroup()
    frame = frame.sort_values(["order", "seconds"], kind="stable", ignore_index=True)
    frame = frame.merge(runs[[*key, "group", "maximised", "best"]], on=key)
    pairs = frame[["objective", "bound"]].to_numpy(float)
    size = np.maximum(frame["objective"].abs().to_numpy(), frame["best"].abs().to_numpy())
    above: Any = 100 * (frame["objective"] - frame["best"]) / np.where(size > 0, size, 1.0)
    sign = np.where(frame["maximised"], -1.0, 1.0)
    return frame.assign(
        run=frame["route"]
        + ", "
        + frame["instance"]
        + ", seed "
        + frame["solver_seed"].astype(str),
        gap_percent=_finite(pd.Series([100 * relative_gap(*pair) for pair in pairs], dtype=float)),
        primal_gap_percent=_finite(above).clip(0.0, 100.0),
        objective=_finite(sign * frame["objective"]),
        bound=_finite(sign * frame["bound"]),
    )


def _conditions(runs: pd.DataFrame) -> pd.DataFrame:
    """Machines and versions, each once."""
    rows = [("machine", machine) for machine in runs["machine"].dropna().unique()]
    for text in runs["versions"].dropna().unique():
        rows += [(name, str(number)) for name, number in json.loads(text).items()]
    return pd.DataFrame(list(dict.fromkeys(rows)), columns=["what", "value"])


def _finite(numbers: Any) -> pd.Series:
    """Numbers with blanks in place of infinities."""
    return pd.Series(numbers, dtype=float).replace([math.inf, -math.inf], np.nan)
