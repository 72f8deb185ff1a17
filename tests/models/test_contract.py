"""What every family promises, checked once over all of them."""

from __future__ import annotations

import ast
import re
import string
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import pyomo.environ as pyo
import pytest

import optalloc
from optalloc.data.checks import checked_rows
from optalloc.data.schema import Kind
from optalloc.plan.audit import Restated, restate
from optalloc.report.documents import formulation
from optalloc.report.symbols import decisions, explained, indices_in, sections, symbols_in
from tests import books
from tests.paths import INPUTS

MODEL = optalloc.load_model()
FAMILIES = {family.name: family for family in MODEL.families}
LIMITS = {name: limit for name, (_, limit) in MODEL.limits.items()}
# Sheets without which there is nothing to plan; every other may be left out.
REQUIRED = {name for name, sheet in MODEL.sheets.items() if sheet.required}


def compiled(folder: Path) -> tuple[optalloc.Program, optalloc.Arrays]:
    data = optalloc.validate(optalloc.read_workbook(folder), MODEL)
    program = optalloc.build(data, MODEL)
    return program, optalloc.compile_program(program)


def test_families_share_helpers_and_no_rules() -> None:
    """Proves: no family imports another, and no file of a family's folder its formulation.py, which
    the record names to be imported when a program is built, so that checks, tables and audit share
    nothing with the constraints."""
    for path in MODEL.path.rglob("*.py"):
        place = path.relative_to(MODEL.path)
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not node.level:
                continue
            names = [node.module] if node.module else [alias.name for alias in node.names]
            if node.level == len(place.parts):
                assert all(name.startswith("_") for name in names), f"{place} imports {names}"
            else:
                assert "formulation" not in names, place


def test_records_name_functions_of_their_formulations() -> None:
    """Proves: each function that a record leaves to its formulation.py is there."""
    for path in MODEL.path.glob("*/family.py"):
        rules = ast.parse(path.with_name("formulation.py").read_text("utf-8")).body
        there = {node.name for node in rules if isinstance(node, ast.FunctionDef)}
        named = set(re.findall(r"=RULES\.(\w+)", path.read_text("utf-8")))
        assert {"parameters", "declare", "constrain"} <= named <= there, path


def test_every_optional_sheet_answers_a_question() -> None:
    """Proves: the guide of a template lists every optional sheet under a planner's question, and
    no sheet that a case cannot do without."""
    asked = {name for name, sheet in MODEL.sheets.items() if sheet.question.endswith("?")}
    assert asked == set(MODEL.sheets) - REQUIRED


def test_checks_name_the_columns_of_sites_that_they_read() -> None:
    """Proves: no check reads all of Sites, so that a sweep of its costs repeats none of them.
    Sensitivity: what is limited by the room of a site is checked again where that changes."""
    data = optalloc.validate(optalloc.read_workbook(INPUTS / "pacific"), MODEL)
    sites = data["Sites"]
    costlier = sites.assign(build_cost_per_mw=sites["build_cost_per_mw"] * 1.01)
    larger = sites.assign(max_mw=sites["max_mw"] * 1.01)
    calls = {name: again(data, frame) for name, frame in (("cost", costlier), ("room", larger))}
    assert calls["cost"] == []
    assert "sites" in calls["room"] and "labour" not in calls["room"]


def again(data: optalloc.Dataset, sites: pd.DataFrame) -> list[str]:
    """Families whose checks are evaluated again with these sites."""
    called: list[str] = []

    def noting(family: optalloc.Family) -> optalloc.Family:
        def check(data: optalloc.Dataset) -> list[Any]:
            called.append(family.name)
            return list(family.check(data))

        return replace(family, check=check)

    model = replace(MODEL, families=tuple(map(noting, MODEL.families)))
    checked_rows(data, model)
    called.clear()
    checked_rows(data.with_frames({"Sites": sites}), model)
    return called


# Functions that both the constraints and the audit of a family may use: each looks something up in the
# workbook, and decides nothing about a limit.
LOOK_UPS = {
    "_building.active_sites": "the row of each site that is open in some period",
    "_building.pue_of_sites": "the PUE in each such row",
    "_building.site_costs": "the costs in each such row",
    "_calendar.calendar": "begin, length and discounting of each period",
    "_contracts.jurisdictions_of_contracts": "where the sites of a contract lie",
    "_contracts.contracts_on_offer": "the rows of Contracts that can still be signed",
    "_leases.leases_on_offer": "the rows of Leases that can still be signed",
    "_options.options_on_offer": "the rows of Options, and the positions of their windows",
}
# What they share beyond that, family by family, and why.
SHARED = {
    (
        "placement",
        "_network.covers",
    ): "which sets of sites some demand is confined to: the cover rows, "
    "which follow from the others, are audited set by set",
    ("resilience", "derived.events_by_period"): "which event holds in which period",
    ("resilience", "derived.lost_sites"): "which sites fail with which member",
    ("resilience", "derived.reach"): "which sites may serve the demand that an event is about",
    ("risk", "_scores.scores"): "the score of a jurisdiction by the weights of the classes",
    ("risk", "derived.members"): "which jurisdictions a limit names",
    ("risk", "derived.periods_of"): "in which periods a limit holds",
    ("sites", "_building.standing_mw"): "capacity that stands without a decision, by its dates",
    (
        "taxes",
        "derived.belongs",
    ): "the jurisdiction of a site, contract, storage, option or labour market",
    ("sourcing", "derived.lost_suppliers"): "which suppliers fail with which member",
}
# Derived tables that the audit works out by the function that made them, from the tables of decisions
# instead of the solution; no limit and no cost is among them.
SAME_DERIVATION = {
    "abandonments": {"actions"},
    "contracts": {"actions"},
    "demand": {"key_figures"},
    "departures": {"figures"},
    "leases": {"actions"},
    "options": {"actions", "figures"},
    "overview": {"overview_tables"},
    "periods": {"to_the_last_payment", "totals"},
    "placement": {"balance", "taken_mw"},
    "returns": {"returns_of"},
    "sites": {"actions", "key_figures"},
    "supply": {"actions"},
    "taxes": {"bridge"},
    "terminations": {"actions"},
}


def own_imports(tree: ast.AST) -> dict[str, str]:
    """Functions that a file takes from the model folder: by name, with the module each is from."""
    return {
        alias.name: f"{node.module}.{alias.name}"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level
        for alias in node.names
        if not alias.name.isupper()
    }


def reached(tree: ast.Module, *starts: str) -> set[str]:
    """Functions of a file, and those that it imports, that are used from some of its functions on."""
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    imports, found, ahead = own_imports(tree), set(), [name for name in starts if name in functions]
    while ahead:
        name = ahead.pop()
        parameters = {argument.arg for argument in functions[name].args.args}
        used = {node.id for node in ast.walk(functions[name]) if isinstance(node, ast.Name)}
        found |= {imports[other] for other in used & imports.keys()}
        ahead += (used & functions.keys()) - parameters - found - {name}
        found |= (used & functions.keys()) - parameters
    return found


def constraints_and_audit(name: str) -> tuple[set[str], set[str], set[str]]:
    """Functions behind a family's constraints, its audit, and its tables."""
    folder, file = MODEL.path / name, MODEL.path / f"{name}.py"
    if file.is_file():
        tree = ast.parse(file.read_text("utf-8"))
        rules = reached(tree, "parameters", "declare", "constrain", "separate")
        return rules, reached(tree, "audit", "recompute"), reached(tree, "tables")
    files = [folder / f"{part}.py" for part in ("formulation", "audit")]
    rules, audited = (
        set(own_imports(ast.parse(path.read_text("utf-8"))).values()) if path.is_file() else set()
        for path in files
    )
    return rules, audited, {name for name in audited if name.startswith("tables.")}


@pytest.mark.parametrize("name", FAMILIES)
def test_the_audit_shares_look_ups_with_the_constraints_and_nothing_else(name: str) -> None:
    """Proves: of each family the audit restates limits by code of its own; the exceptions are listed
    with their reasons, and none is listed that is no longer one."""
    rules, audited, tabled = constraints_and_audit(name)
    shared = (rules & audited) - LOOK_UPS.keys()
    assert shared == {what for family, what in SHARED if family == name}
    again = {what.rpartition(".")[2] for what in audited & tabled if not what.startswith("_")}
    assert again == SAME_DERIVATION.get(name, set())


@pytest.mark.parametrize("sheet", MODEL.sheets.values(), ids=lambda sheet: sheet.name)
def test_every_column_says_what_it_is(sheet) -> None:
    """Proves: no column goes without a meaning, no measured number without a unit."""
    assert sheet.meaning
    for column in sheet.columns:
        assert column.meaning.endswith("."), column.name
        assert column.kind is not Kind.NUMBER or column.unit, column.name
        assert column.kind is not Kind.CHOICE or column.choices, column.name
        assert (
            column.required
            or column.blank is not None
            or column.blank_means
            or (column.kind is Kind.FLAG)
        ), column.name
        if column.refers_to:
            target, name = column.refers_to.split(".")
            assert name in MODEL.sheets[target].by_name


@pytest.fixture(scope="module")
def restated(everything: optalloc.Plan, everything_data) -> Restated:
    """Every limit of a plan that uses every sheet, as the families' audits state it."""
    dataset, model = everything_data
    return restate(dataset, model, everything.tables)


@pytest.mark.parametrize("limit", LIMITS.values(), ids=lambda limit: limit.name)
def test_every_limit_has_its_sentence_and_its_audit(limit, restated: Restated) -> None:
    """Proves: each limit is audited by key, and its sentence can be said of any key."""
    family, _ = MODEL.limits[limit.name]
    frame = restated[limit.name]
    assert {"used", "allowed"} <= set(frame.columns)
    named = {name for _, name, _, _ in string.Formatter().parse(limit.sentence) if name}
    assert named <= set(frame.columns)
    # Where it binds period after period, one sentence says from when to when.
    lasting = {name for _, name, _, _ in string.Formatter().parse(limit.lasting) if name}
    assert lasting <= {*limit.keys_of(frame), "when"} - {"period"}
    if limit.reported and limit.sense == "<=" and "period" in limit.over:
        assert "when" in lasting
    assert limit.unit and limit.formula and limit.marginal
    assert limit.sense in ("<=", "==") and limit.enforced in (
        "row",
        "cuts",
        "sets",
        "domain",
        "integers",
    )
    assert limit.enforced != "cuts" or family.separate is not None


def formulas(family: optalloc.Family) -> list[str]:
    """Formulas of a family's limits, and those quoted under Limits in its docstring."""
    quoted = re.findall(r"``([^`]+)``", sections(family.doc)[1].get("Limits", ""))
    return [*(limit.formula for limit in family.limits), *quoted]


@pytest.mark.parametrize("family", FAMILIES.values(), ids=lambda family: family.name)
def test_every_symbol_of_a_formula_is_explained(family: optalloc.Family) -> None:
    """Proves: no formula has a name or an index that a reader of the page cannot look up."""
    names = [n for n in symbols_in(formulas(family)) if not explained(MODEL, family, n).kind]
    assert names == [], (
        "use the name of a decision, ledger or column (its unit may be left off), or explain it "
        f"under Data in the docstring of family {family.name}: ``{names[0]}[...]``: what it is."
    )
    told = MODEL.doc + family.doc
    letters = [i for i in indices_in(formulas(family)) if f"``{i}``" not in told]
    assert letters == [], (
        "use the letters of models/capacity/__init__.py, or say in the docstring of "
        f"family {family.name} what ``{letters[0]}`` stands for"
    )


@pytest.fixture(scope="module")
def program(everything_folder: Path) -> optalloc.Program:
    """The program of a workbook with rows on every sheet; to look at, not to change."""
    return compiled(everything_folder)[0]


@pytest.mark.long
def test_docstrings_name_every_decision_and_every_posting(program: optalloc.Program) -> None:
    """Proves: Decides lists the variables there are, Reads and posts the ledgers met."""
    variables = {v.local_name for v in program.pyomo.component_objects(pyo.Var)}
    assert variables == {name for family in MODEL.families for name in decisions(family)}
    for posting in program.postings:
        meets = sections(FAMILIES[posting.family].doc)[1]["Reads and posts"]
        unnamed = [n for n in (posting.ledger, *posting.reads) if f"``{n}``" not in meets]
        assert unnamed == [], posting.family


def test_every_cost_that_is_posted_is_a_term_of_the_objective(program: optalloc.Program) -> None:
    """Proves: the formulation page has each cost that a workbook with every sheet posts, and no
    other, each by the family that posts it and with its kind; credits and renewals belong to it."""
    declared = {
        (family.name, term.item, term.kind) for family in MODEL.families for term in family.costs
    }
    posted = set()
    for posting in program.postings:
        if posting.ledger == "cost":
            notes = posting.notes
            parts = notes if "item" in notes else notes.head(1).assign(item=posting.item)
            for item, kind in set(parts[["item", "kind"]].itertuples(index=False, name=None)):
                plain = re.sub(r"_(renewal_\d+|residual)$", "", item)
                kind = "cash" if item.endswith("_residual") else kind
                # What is posted in parts belongs to the term that the name of the part begins with.
                named = [t for f, t, _ in declared if f == posting.family and plain.startswith(t)]
                term = max(named, key=len) if parts is notes and named else plain
                posted.add((posting.family, term, kind))
    assert posted == declared
    page = formulation(MODEL)
    for _, item, kind in declared:
        assert f"| `{item}` | {kind} |" in page


def test_every_limit_of_the_model_is_audited(program: optalloc.Program) -> None:
    """Proves: each constraint is a declared limit, a strengthening, or part of one; none is extra."""
    components = {c.local_name for c in program.pyomo.component_objects(pyo.Constraint)}
    by_rows = {name for name, limit in LIMITS.items() if limit.enforced == "row"}
    assert by_rows <= components
    strengthening = {name for family in MODEL.families for name in family.strengthening}
    # Rows that only link a helper binary or integer to the limit named after it.
    helpers = {
        *("start_marked", "contract_signed", "billed_if_drawn", "billed_if_not_drawn"),
        *("loss_counted", "lease_signed", "cluster_hosted", "service_begun"),
        *("late_on_committed_site", "late_within_start", "exercise_mark_kept"),
        *("left_of_commitment", "dropped_with_site"),
    }
    assert components - by_rows - strengthening - helpers == set()


def test_empty_sheets_are_absent_sheets(tmp_path: Path) -> None:
    """Proves: a header-only optional sheet reads as if it were not there, each by itself, and all
    of them leave the matrix of the smallest case identical."""
    folder = books.write(books.book(), tmp_path / "book")
    absent = optalloc.validate(optalloc.read_workbook(folder), MODEL)
    without = optalloc.compile_program(optalloc.build(absent, MODEL))
    optional = [name for name in MODEL.sheets if name not in REQUIRED]
    for name in optional:
        header = ",".join(column.name for column in MODEL.sheets[name].columns)
        header = "setting,value" if MODEL.sheets[name].vertical else header
        (folder / f"{name}.csv").write_text(header + "\n")
    empty = optalloc.validate(optalloc.read_workbook(folder), MODEL)
    for name in MODEL.sheets:
        pd.testing.assert_frame_equal(empty[name], absent[name], obj=name)
        assert name in REQUIRED or empty[name].empty
    with_empty = optalloc.compile_program(optalloc.build(empty, MODEL))
    assert with_empty.size == without.size
    assert (with_empty.matrix != without.matrix).nnz == 0
    assert with_empty.cost.tolist() == without.cost.tolist()
    assert with_empty.offset == without.offset


def test_the_smallest_case_is_textbook_facility_location(tmp_path: Path) -> None:
    """Proves: one period, one block per site and no other sheet adds nothing to the textbook.

    Two sites and three customers: 6 served, 2 committed, 2 blocks and 2 energised; 3 rows of
    demand, 2 of capacity, 2 of started within energised, 2 of commitment, 1 cover, 6 links.
    """
    case = books.book(
        Sites=[
            {"site": s, "status": "candidate", "max_mw": 50, "block_mw": 50, "site_cost": 9}
            for s in "AB"
        ],
        Demand=[{"workload": "load", "region": r, "period": "Y1", "it_mw": 20} for r in "XYZ"],
        Network=[
            {"site": s, "region": r, "latency_ms": 0, "cost_per_mw_year": 1 + ("AB".index(s))}
            for s in "AB"
            for r in "XYZ"
        ],
    )
    _, arrays = compiled(books.write(case, tmp_path))
    assert arrays.size["columns"] == 6 + 2 + 2 + 2
    assert arrays.size["integers"] == 4
    assert int((~arrays.strengthening).sum()) == 3 + 2 + 2 + 2 + 1
    assert int(arrays.strengthening.sum()) == 6


@pytest.mark.long
def test_a_user_may_add_a_constraint(everything_folder: Path) -> None:
    """Proves: the built model is plain Pyomo. Sensitivity: forbidding a site raises the cost."""
    program, arrays = compiled(everything_folder)
    free = optalloc.solve_arrays(arrays, optalloc.Options(gap=0)).objective
    m = program.pyomo
    m.no_tokyo = pyo.Constraint(expr=sum(m.committed[k] for k in m.COMMITS if k[0] == "Tokyo") == 0)
    m.no_sydney = pyo.Constraint(
        expr=sum(m.committed[k] for k in m.COMMITS if k[0] == "Sydney") == 0
    )
    outcome = optalloc.solve_arrays(optalloc.compile_program(program), optalloc.Options(gap=0))
    assert outcome.objective > free or outcome.stop_reason is optalloc.StopReason.INFEASIBLE
