"""Checks on power contracts across rows and sheets."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from optalloc.data.dataset import Dataset
from optalloc.data.rounding import exceeds
from optalloc.errors import Problem, Severity

from .._calendar import (
    TERM,
    TINY_MONTHS,
    calendar,
    months_of_last_days,
    reversed_windows,
    signing_terms,
)
from .._capacity_bounds import contract_need, not_carried
from .._contracts import GENERATION, signings
from .._period_ends import inside_periods


def check(data: Dataset) -> Iterator[Problem]:
    """Contracts that make sense, and no more signed than there is."""
    if not data.uses(["Contracts", "SignedContracts"]):
        return
    yield from _check_places(data)
    yield from _check_signed(data)
    yield from _check_terms(data)
    yield from _check_edges(data)
    yield from not_carried(data, "Contracts", "contract", contract_need)


def _check_terms(data: Dataset) -> Iterator[Problem]:
    """Every contract can serve in some period; one that cannot would be ignored without a word."""
    if not (data.sound("Periods") and data.sound("Settings", "base_date")):
        return
    contracts = data["Contracts"]
    serving = set(signings(data)["contract"])
    before = set(data["SignedContracts"]["contract"])
    idle = ~contracts["contract"].isin(serving) & ~reversed_windows(contracts, calendar(data))
    for row, at in contracts[idle].to_dict("index").items():
        known = at["contract"] in before or data.might_hold(
            "SignedContracts", contract=at["contract"]
        )
        yield data.problem(
            "Contracts",
            row,
            "contract",
            f"some period must lie wholly inside the term of {at['contract']!r}, or signing it "
            "serves nothing",
            "Nothing need be done; only what was signed before counts."
            if known
            else "Shorten lead_months, sign earlier, lengthen term_months, or take shorter periods.",
            "contract-never-active",
            found="none",
            severity=Severity.NOTICE if known else Severity.ERROR,
            reads=TERM,
        )


def _check_edges(data: Dataset) -> Iterator[Problem]:
    """Terms and last days that miss a period's edge."""
    if not (data.sound("Periods") and data.sound("Settings", "base_date")):
        return
    contracts, before = data.known("Contracts", "contract", *TERM), data["SignedContracts"]
    rows = pd.Series(contracts.index, index=contracts["contract"])
    terms = signing_terms(contracts[contracts["term_months"].notna()], calendar(data), "contract")
    yield from inside_periods(
        data,
        terms.assign(sheet="Contracts", row=terms["contract"].map(rows), column="term_months"),
        "a contract is active only in the periods that lie wholly inside its term",
    )
    until = months_of_last_days(data, before["expiry"])
    spans = {"row": before.index, "from": -np.inf, "to": until}
    yield from inside_periods(
        data,
        pd.DataFrame(spans).assign(sheet="SignedContracts", column="expiry"),
        "what was signed before is active only in the periods that end by its last day",
    )


def _check_places(data: Dataset) -> Iterator[Problem]:
    """Generation stands at a site."""
    contracts = data.rows("Contracts")
    in_zone = contracts["zone"].notna() & contracts["site"].isna()
    for row in contracts.index[in_zone & (contracts["kind"] == GENERATION)]:
        yield data.problem(
            "Contracts",
            row,
            "zone",
            "generation must stand at a site",
            "Fill in site instead; for power from the grid, say energy.",
            "generation-in-zone",
            reads=("site", "kind"),
        )


def _check_signed(data: Dataset) -> Iterator[Problem]:
    signed = data["SignedContracts"]
    ends = months_of_last_days(data, signed["expiry"])
    first = calendar(data)["begin"].min() if data.sound("Periods") else -np.inf
    for row in signed.index[ends <= first + TINY_MONTHS]:
        yield data.problem(
            "SignedContracts",
            row,
            "expiry",
            "a signed contract must last beyond the first day of the first period",
            "Correct the date, or remove the row.",
            "contract-ended",
        )
    signed = signed.dropna(subset=["contract", "signed_mw"])
    named = data["Contracts"].dropna(subset=["contract"]).drop_duplicates("contract")
    most = named.set_index("contract")["max_mw"]
    for contract, own in signed.groupby("contract", sort=False)["signed_mw"]:
        if exceeds(own.sum(), most.get(contract, np.inf)):
            yield data.problem(
                "SignedContracts",
                own.index[-1],
                "signed_mw",
                f"what is signed of {contract!r} must be at most its max_mw, {most[contract]:.12g}",
                "Lower signed_mw or raise max_mw in Contracts.",
                "min-above-max",
                found=f"{own.sum():.12g}",
            )
