"""Power contracts: signing and cover of peaks, each limit in a case solved by hand.

Building 40 MW of IT costs 400 M and takes 40 MW of grid. C is a cheap capacity contract at 0.1 M
per MW-year (4 M a year), D a dear one at 0.3 (12 M a year); both serve zone Z.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import optalloc
from tests.books import binding, book, cost_without, demand, worth, years
from tests.families import LeastCost, Solve, assert_adds_nothing, broken, problems

CHEAP = {
    "contract": "C",
    "zone": "Z",
    "kind": "capacity",
    "max_mw": 100,
    "fixed_fee_per_mw_year": 0.1,
}
DEAR = {**CHEAP, "contract": "D", "fixed_fee_per_mw_year": 0.3}
ONE_YEAR = {"Sites": {"grid_zone": "Z"}, "Contracts": [CHEAP]}
TWO_YEARS = {
    "Sites": {"grid_zone": "Z"},
    "Periods": years(2),
    "Demand": demand(40, 40),
    "Contracts": [CHEAP],
}
DEAR_FOR_A_YEAR = {**DEAR, "term_months": 12}


def offers(**columns: Any) -> list[dict[str, Any]]:
    """C with some columns changed, and D for a year at a time."""
    return [{**CHEAP, **columns}, DEAR_FOR_A_YEAR]


def active(plan: optalloc.Plan) -> dict[tuple[str, str], float]:
    """Active MW by contract and period."""
    return plan["Procurement"].set_index(["contract", "period"])["active_mw"].to_dict()


@pytest.mark.long
def test_peaks_are_covered_and_active_megawatts_cost_their_fee(
    solve: Solve, least_cost: LeastCost, tmp_path: Path
) -> None:
    """Proves: at a PUE of 1.25, 50 MW are signed for two years: 400 + 2 x 5.
    Sensitivity: at a PUE of 1, 408; without the limits on cover nothing is signed, 400."""
    case = TWO_YEARS | {"Sites": {"grid_zone": "Z", "pue": 1.25}}
    plan = solve(**case)
    assert plan.cost == pytest.approx(410)
    assert plan["Coverage"]["covered_mw"].tolist() == pytest.approx([50, 50])
    assert binding(plan, "cover_within_contract") == ["C, Y1", "C, Y2"]
    assert least_cost(**TWO_YEARS) == pytest.approx(408)
    for limit in ("peak_covered", "cover_within_contract"):
        assert cost_without(book(**case), tmp_path / limit, limit) == pytest.approx(400)


@pytest.mark.slow
def test_all_that_is_active_stays_within_the_maximum(solve: Solve, tmp_path: Path) -> None:
    """Proves: C has 30 MW in all, so of 30 and 60 MW, D covers 30 in Y2: 600 + 3 + 3 + 9.
    Sensitivity: were the maximum one of each signing, C would cover all: 600 + 3 + 6."""
    case = TWO_YEARS | {"Demand": demand(30, 60), "Contracts": [{**CHEAP, "max_mw": 30}, DEAR]}
    plan = solve(**case)
    assert plan.cost == pytest.approx(615)
    assert binding(plan, "contract_within_max") == ["C, Y1", "C, Y2"]
    assert binding(plan, "signed_on_offer") == ["C, Y1"]
    without = cost_without(book(**case), tmp_path / "without", "contract_within_max")
    assert without == pytest.approx(609)


def test_least_of_a_signing(solve: Solve, tmp_path: Path) -> None:
    """Proves: C is signed for its least, 60 MW, where 40 are needed: 406; or not at all, where D at
    0.12 covers 40 for 4.8. Sensitivity: without the least, 404."""
    case = ONE_YEAR | {"Contracts": [{**CHEAP, "min_mw": 60}]}
    plan = solve(**case)
    assert plan.cost == pytest.approx(406)
    assert binding(plan, "contract_minimum") == ["C, Y1"]
    dear = {**DEAR, "fixed_fee_per_mw_year": 0.12}
    choice = solve(**case | {"Contracts": [{**CHEAP, "min_mw": 60}, dear]})
    assert choice.cost == pytest.approx(404.8)
    assert active(choice) == pytest.approx({("C", "Y1"): 0, ("D", "Y1"): 40})
    assert cost_without(book(**case), tmp_path / "w", "contract_minimum") == pytest.approx(404)


@pytest.mark.slow
def test_whole_blocks_of_a_contract(solve: Solve, least_cost: LeastCost, tmp_path: Path) -> None:
    """Proves: 40 MW take two blocks of 25: 405. Sensitivity: without blocks, 404; and a least of
    60 MW takes three blocks: 407.5."""
    case = ONE_YEAR | {"Contracts": [{**CHEAP, "block_mw": 25}]}
    assert solve(**case).cost == pytest.approx(405)
    assert cost_without(book(**case), tmp_path / "without", "contract_blocks") == pytest.approx(404)
    least = [{**CHEAP, "block_mw": 25, "min_mw": 60}]
    assert least_cost(**ONE_YEAR | {"Contracts": least}) == pytest.approx(407.5)


@pytest.mark.slow
@pytest.mark.parametrize("window", [{"first_period": "Y2"}, {"last_period": "Y1"}])
def test_signing_window(solve: Solve, least_cost: LeastCost, window: dict[str, str]) -> None:
    """Proves: C for 12 months, signed only in Y2 or only in Y1, leaves the other year to D:
    400 + 4 + 12. Sensitivity: signed in both, 408."""
    assert solve(
        **TWO_YEARS | {"Contracts": offers(term_months=12, **window)}
    ).cost == pytest.approx(416)
    assert least_cost(**TWO_YEARS | {"Contracts": offers(term_months=12)}) == pytest.approx(408)


@pytest.mark.long
@pytest.mark.first(1)
@pytest.mark.parametrize(
    ("columns", "cost"),
    [
        ({"term_months": 18}, 416),
        ({"term_months": 24}, 408),
        ({"lead_months": 1}, 416),
        ({"lead_months": 12, "term_months": 12}, 416),
    ],
)
def test_a_contract_serves_whole_periods_between_lead_and_term(
    solve: Solve, columns: dict[str, float], cost: float
) -> None:
    """Proves: signed in Y1, C serves the years that begin after its lead and end within its term;
    D the others, at 12 for 4. 18 months serve Y1 alone; a lead of a month or a year leaves Y2
    alone.
    Sensitivity: with neither lead nor end, 408."""
    case = TWO_YEARS | {"Contracts": offers(last_period="Y1", **columns)}
    assert solve(**case).cost == pytest.approx(cost)


@pytest.mark.slow
def test_what_was_signed_before_serves_until_it_expires(
    solve: Solve, least_cost: LeastCost
) -> None:
    """Proves: 40 MW of C, signed before, that end with Y2 leave Y3 to D, 400 + 4 + 4 + 12, whether
    their last day is the last of Y2, is given as the day after, or lies within Y3.
    Sensitivity: ending a day earlier they leave Y2 too, 428; in two parts, of which 10 MW end with
    Y1, D covers 10 in Y2, 400 + 4 + 3 + 3 + 12."""
    case = TWO_YEARS | {
        "Periods": years(3),
        "Demand": demand(40, 40, 40),
        "Contracts": offers(max_mw=40, last_period="Y1"),
    }

    def signed(*parts: tuple[float, str]) -> list[dict[str, Any]]:
        return [{"contract": "C", "signed_mw": mw, "expiry": day} for mw, day in parts]

    plan = solve(**case, SignedContracts=signed((40, "2029-01-01")))
    assert plan.cost == pytest.approx(420)
    held = {period: mw for (contract, period), mw in active(plan).items() if contract == "C"}
    assert held == {"Y1": 40, "Y2": 40, "Y3": 0}
    for day, cost in (("2028-12-31", 420), ("2029-11-30", 420), ("2028-12-30", 428)):
        assert least_cost(**case, SignedContracts=signed((40, day))) == pytest.approx(cost), day
    parts = signed((10, "2027-12-31"), (30, "2029-01-01"))
    assert least_cost(**case, SignedContracts=parts) == pytest.approx(422)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("starts", "months", "last_day", "cost"),
    [
        (["2027-01-31", "2027-02-28"], 1, "2027-02-27", 12 / 12),
        (["2027-01-31", "2027-02-28"], 1, "2027-02-26", 24 / 12),
        (["2028-02-29", "2029-02-28"], 12, "2029-02-27", 12),
        (["2028-02-29", "2029-02-28"], 12, "2030-02-27", 0),
        (["2028-02-29", "2029-02-28"], 12, "2030-02-26", 12),
    ],
)
def test_last_days_where_months_are_of_unequal_length(
    solve: Solve, starts: list[str], months: int, last_day: str, cost: float
) -> None:
    """40 MW signed before at no fee, D at 0.3 M a MW-year, periods that begin at a month's end.

    Proves: a last day on the eve of the next period serves the period to its end, though the month
    or year is a day short: a month after 31 January is 28 February. Sensitivity: a day earlier.
    """
    names = ["P1", "P2"]
    plan = solve(
        Settings={"base_date": starts[0]},
        Periods=[
            {"period": name, "start": start, "months": months}
            for name, start in zip(names, starts, strict=True)
        ],
        Demand=[{"workload": "load", "region": "R", "period": p, "it_mw": 40} for p in names],
        Sites={"grid_zone": "Z", "build_cost_per_mw": 0},
        Contracts=[{**CHEAP, "fixed_fee_per_mw_year": 0, "lead_months": 600}, DEAR],
        SignedContracts=[{"contract": "C", "signed_mw": 40, "expiry": last_day}],
    )
    assert plan.cost == pytest.approx(cost)


@pytest.mark.slow
def test_a_contract_that_can_serve_no_whole_period(solve: Solve) -> None:
    """Proves: a term of six months in periods of a year, one of 22 that begins a month late, and one
    of eleven in the last year are errors at the contract's row; where some of it was signed before,
    that counts and the same is a notice. Sensitivity: twelve months.
    """

    def contracts(months: int, lead: int = 0) -> list[dict[str, Any]]:
        own = {"term_months": months, "lead_months": lead, "last_period": "Y1"}
        return [{**CHEAP, **own}, DEAR]

    for months, lead in ((6, 0), (22, 1), (11, 12)):
        (message,) = problems(solve, **TWO_YEARS | {"Contracts": contracts(months, lead)})
        assert message.startswith("Contracts!A2: ") and message.endswith("[contract-never-active]")
    signed = [{"contract": "C", "signed_mw": 40, "expiry": "2028-12-31"}]
    plan = solve(**TWO_YEARS | {"Contracts": contracts(6)}, SignedContracts=signed)
    assert plan.cost == pytest.approx(408)
    assert {n.code for n in plan.notices} == {"contract-never-active", "inside-period"}
    assert solve(**TWO_YEARS | {"Contracts": contracts(12)}).cost == pytest.approx(416)


TWO_SITES = {
    "Sites": [
        {
            "site": site,
            "status": "candidate",
            "max_mw": 20,
            "build_cost_per_mw": 10,
            "grid_zone": zone,
        }
        for site, zone in (("A", "Z"), ("B", "W"))
    ],
    "Network": [{"site": site, "region": "R", "latency_ms": 10} for site in ("A", "B")],
}


@pytest.mark.slow
def test_a_contract_covers_its_own_zone(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: C covers A in zone Z; B in zone W needs D: 400 + 20 x 0.1 + 20 x 0.3.
    Sensitivity: with both sites in Z, C covers both, 404."""
    contracts = [CHEAP, {**DEAR, "zone": "W"}]
    assert solve(**TWO_SITES, Contracts=contracts).cost == pytest.approx(408)
    together = [{**site, "grid_zone": "Z"} for site in TWO_SITES["Sites"]]
    one_zone = {**TWO_SITES, "Sites": together}
    assert least_cost(**one_zone, Contracts=[CHEAP, DEAR]) == pytest.approx(404)


@pytest.mark.slow
def test_a_contract_for_a_site_covers_that_site_alone(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: a contract for A covers A's 20 MW; B, which no contract serves, needs none: 402.
    Sensitivity: a contract for the zone of both, 404."""
    for_a = {**CHEAP, "zone": None, "site": "A"}
    assert solve(**TWO_SITES, Contracts=[for_a]).cost == pytest.approx(402)
    together = [{**site, "grid_zone": "Z"} for site in TWO_SITES["Sites"]]
    assert least_cost(**{**TWO_SITES, "Sites": together}, Contracts=[CHEAP]) == pytest.approx(404)


@pytest.mark.slow
def test_a_peak_must_be_covered_before_the_contract_can_be_signed(
    solve: Solve, least_cost: LeastCost
) -> None:
    """Proves: C, on offer from Y2, leaves Y1 unmet at 20 M per MW-year: 400 + 800 + 4.
    Sensitivity: on offer from Y1, 408."""
    case = TWO_YEARS | {"Workloads": {"unmet_penalty_per_mw_year": 20}}
    late = [{**CHEAP, "first_period": "Y2"}]
    assert solve(**case | {"Contracts": late}).cost == pytest.approx(1204)
    assert least_cost(**case) == pytest.approx(408)


@pytest.mark.slow
def test_fees_in_another_currency_and_discounted(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: at half a euro to the dollar the fee is twice as many dollars, 408; at 10 % the fees
    of two years are discounted over all of both. Sensitivity: in dollars and undiscounted, 404 and
    408."""
    euros = {"Contracts": [{**CHEAP, "currency": "EUR"}]}
    rates = [{"currency": "EUR", "per_workbook_currency": 0.5}]
    assert least_cost(**ONE_YEAR | euros, Currencies=rates) == pytest.approx(408)
    assert least_cost(**ONE_YEAR) == pytest.approx(404)
    discounted = solve(**TWO_YEARS, Settings={"discount_rate": 0.1})
    assert discounted.cost == pytest.approx(400 + 4 * worth(0.1, 0, 2))


@pytest.mark.slow
def test_fees_grow_from_the_base_date(solve: Solve, least_cost: LeastCost) -> None:
    """Proves: at 10 % a year from the base date, the fee of 4 M a year comes to the integral of
    4 x 1.1^t over two years. Sensitivity: discounted at 10 %, 400 + 4 + 4."""
    case = TWO_YEARS | {"Contracts": [{**CHEAP, "fee_escalation": 0.1}]}
    assert solve(**case).cost == pytest.approx(400 + 4 * worth(0, 0, 2, growth=0.1))
    assert least_cost(**case, Settings={"discount_rate": 0.1}) == pytest.approx(408)


@pytest.mark.long
@pytest.mark.first(1)
@pytest.mark.parametrize(
    ("columns", "months"),
    [({}, 24), ({"term_months": 36}, 36), ({"lead_months": 12, "term_months": 30}, 42)],
)
def test_a_deposit_is_returned_at_the_end_of_the_term(
    solve: Solve, least_cost: LeastCost, columns: dict[str, float], months: float
) -> None:
    """Proves: 20 M paid on signing in Y1 come back at the end of the horizon, of a term of three
    years, or of a lead of one and a term of two and a half, at 10 % a year less worth.
    Sensitivity: undiscounted, they cost nothing."""
    late = "lead_months" in columns
    contracts = [{**CHEAP, "deposit_per_mw": 0.5, **columns}]
    case = TWO_YEARS | {"Contracts": contracts, "Demand": demand(0 if late else 40, 40)}
    plan = solve(**case, Settings={"discount_rate": 0.1})
    built = 400 / 1.1 if late else 400
    fees = 4 * worth(0.1, 1 if late else 0, 2)
    assert plan.cost == pytest.approx(built + fees + 20 - 20 / 1.1 ** (months / 12))
    cost = plan["Cost"].set_index("item")
    assert cost.loc["deposit", ["cash", "first_month"]].tolist() == pytest.approx([20, 0])
    returned = cost.loc["deposit_returned", ["cash", "last_month"]].tolist()
    assert returned == pytest.approx([-20, months])
    assert least_cost(**case) == pytest.approx(404 if late else 408)


@pytest.mark.slow
def test_the_deposit_of_what_was_signed_before_is_behind_it(
    solve: Solve, least_cost: LeastCost
) -> None:
    """Proves: 40 MW signed before pay no deposit and get none back: 400 + 4 at their fee alone.
    Sensitivity: signed by the plan, at 10 % a year, they cost 20 - 20 / 1.1 more."""
    case = ONE_YEAR | {"Contracts": [{**CHEAP, "deposit_per_mw": 0.5}]}
    case["Settings"] = {"discount_rate": 0.1}
    before = [{"contract": "C", "signed_mw": 40, "expiry": "2028-01-01"}]
    fee = 4 * worth(0.1)
    assert solve(**case, SignedContracts=before).cost == pytest.approx(400 + fee)
    assert least_cost(**case) == pytest.approx(400 + fee + 20 - 20 / 1.1)


@pytest.mark.slow
def test_signings_are_actions(solve: Solve) -> None:
    """Proves: the plan says to sign 40 MW of C on the first day. Sensitivity: without contracts it
    says nothing of the kind."""
    actions = solve(**ONE_YEAR)["Actions"].query("action == 'sign contract'")
    assert actions[["subject", "period", "mw"]].to_numpy().tolist() == [["C", "Y1", 40]]
    assert "sign contract" not in set(solve()["Actions"]["action"])


@pytest.mark.long
def test_the_audit_sees_each_limit_broken(solve: Solve, tmp_path: Path) -> None:
    """Proves: each limit, broken by hand in the tables of a plan, is found by the audit."""
    contracts = [{**CHEAP, "zone": None, "site": "A", "min_mw": 30, "block_mw": 40, "max_mw": 40}]
    contracts[0] |= {"last_period": "Y1"}
    case = TWO_YEARS | {"Contracts": contracts, "Sites": TWO_SITES["Sites"]}
    case |= {"Network": TWO_SITES["Network"]}
    case["Sites"] = [{**site, "max_mw": 40} for site in case["Sites"]]
    case["Sites"][1]["build_cost_per_mw"] = 20
    plan = solve(**case)
    assert plan.cost == pytest.approx(408)
    procurement, coverage = plan["Procurement"], plan["Coverage"]

    def found(**changed: Any) -> set[str]:
        return broken(plan, case, tmp_path, **changed)

    assert not found()
    for mw, limits in (
        (80.0, {"signed_on_offer"}),
        (50.0, {"contract_blocks", "signed_on_offer"}),
        (-40.0, {"contract_minimum"}),
    ):
        first = procurement["period"] == "Y1"
        changed = procurement.assign(signed_mw=procurement["signed_mw"].mask(first, mw))
        assert found(Procurement=changed) == limits
    late = procurement.assign(signed_mw=procurement["signed_mw"].to_numpy()[::-1])
    assert found(Procurement=late) == {"signed_on_offer"}
    more = procurement.assign(active_mw=procurement["active_mw"] + 1)
    assert found(Procurement=more) == {"contract_within_max"}
    assert found(Procurement=procurement.assign(active_mw=39.0)) == {"cover_within_contract"}
    assert found(Coverage=coverage.assign(covered_mw=39.0)) == {"peak_covered"}
    elsewhere = found(Coverage=coverage.assign(site="B"))
    assert elsewhere == {"cover_of_own_sites", "peak_covered"}


@pytest.mark.long
def test_without_sheets_there_is_nothing(tmp_path: Path) -> None:
    """Proves: neither absent nor empty sheets add a row, a column or a cost."""
    case = {key: value for key, value in TWO_YEARS.items() if key != "Contracts"}
    assert_adds_nothing(case, "contracts", tmp_path)


@pytest.mark.long
@pytest.mark.first(4)
@pytest.mark.parametrize(
    ("columns", "cell", "code"),
    [
        ({"zone": None}, "B2", "one-of-two"),
        ({"site": "A"}, "B2", "one-of-two"),
        ({"first_period": "Y2", "last_period": "Y1"}, "I2", "contract-reversed"),
        ({"min_mw": 101}, "F2", "min-above-max"),
        ({"block_mw": 101}, "G2", "min-above-max"),
        ({"price_per_mwh": 50}, "J2", "energy-of-capacity"),
        ({"availability": 0.9}, "K2", "energy-of-capacity"),
        ({"take_or_pay_share": 0.5}, "L2", "energy-of-capacity"),
        ({"tco2_per_mwh": 0}, "M2", "energy-of-capacity"),
        ({"kind": "generation"}, "C2", "generation-in-zone"),
        (
            {"kind": "generation", "zone": None, "site": "A", "take_or_pay_share": 0.5},
            "L2",
            "take-or-pay-of-generation",
        ),
    ],
)
def test_contracts_that_make_no_sense(
    solve: Solve, columns: dict[str, Any], cell: str, code: str
) -> None:
    """Proves: one message for each fault, at its cell."""
    order = ["contract", "site", "zone", "kind", "max_mw", "min_mw", "block_mw"]
    order += ["first_period", "last_period", "price_per_mwh", "availability", "take_or_pay_share"]
    order += ["tco2_per_mwh"]
    row = {**dict.fromkeys(order), **CHEAP, **columns}
    (message,) = problems(solve, **TWO_YEARS | {"Contracts": [row]})
    assert message.startswith(f"Contracts!{cell}: ")
    assert message.endswith(f"[{code}]")


@pytest.mark.long
@pytest.mark.parametrize(
    ("mw", "expiry", "cell", "code"),
    [
        (40, "2026-12-31", "C2", "contract-ended"),
        (40, "2027-01-01", "C2", "contract-ended"),
        (101, "2028-01-01", "B2", "min-above-max"),
    ],
)
def test_signed_contracts_that_make_no_sense(
    solve: Solve, mw: float, expiry: str, cell: str, code: str
) -> None:
    """Proves: one message for each fault, at its cell."""
    signed = [{"contract": "C", "signed_mw": mw, "expiry": expiry}]
    (message,) = problems(solve, **TWO_YEARS, SignedContracts=signed)
    assert message.startswith(f"SignedContracts!{cell}: ")
    assert message.endswith(f"[{code}]")
