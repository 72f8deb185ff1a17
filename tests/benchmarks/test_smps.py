"""SMPS files: the same program in every form, what is read to the number, and errors by line."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from benchmarks.__main__ import app
from benchmarks.smps import MOST_SCENARIOS, read_program, read_smps, trio_in, write_program
from optalloc.mip.arrays import Arrays
from optalloc.mip.extensive_form import extensive_form
from optalloc.mip.stochastic import StochasticProgram
from optalloc.solving.selection import solve_arrays
from tests.paths import ROOT

# Buy x now at 2; sell y in the second period and z in the third; what is not sold is lost.
CORE = """\
* a comment
NAME          TINY
ROWS
 N  COST
 L  STOCK2
 L  DEMAND2
 L  STOCK3
 L  DEMAND3
 N  UNUSED
COLUMNS
    x         COST             2.0   STOCK2          -1.0
    x         STOCK3          -1.0
    MARK      'MARKER'               'INTORG'
    y         COST            -4.0   STOCK2           1.0
    y         STOCK3           1.0   DEMAND2          1.0
    MARK      'MARKER'               'INTEND'
    z         COST            -6.0   STOCK3           1.0
    z         DEMAND3          1.0
RHS           RIGHT
    RIGHT     DEMAND2          3.0   DEMAND3          4.0
RANGES
    RNG       DEMAND3          9.0
BOUNDS
 UP BND       x               20.0
 UP BND       y               20.0
ENDATA
"""
TIME = """\
TIME          TINY
PERIODS       LP
    x         COST                     NOW
    y         STOCK2                   SOON
    z         STOCK3                   LATE
ENDATA
"""
EXPLICIT = """\
TIME          TINY
PERIODS       EXPLICIT
    NOW
    SOON
    LATE
ROWS
    COST      NOW
    STOCK2    SOON
    DEMAND2   SOON
    STOCK3    LATE
    DEMAND3   LATE
COLUMNS
    z         LATE
    x         NOW
    y         SOON
ENDATA
"""
INDEP = """\
STOCH         TINY
INDEP         DISCRETE
    RIGHT     DEMAND2          3.0   SOON             0.5
    RIGHT     DEMAND2          5.0   SOON             0.5
    z         COST            -6.0   LATE             0.25
    z         COST            -1.0   LATE             0.75
ENDATA
"""
BLOCKS = """\
STOCH         TINY
BLOCKS        DISCRETE
 BL DEMAND    SOON             0.5
    RIGHT     DEMAND2          3.0
 BL DEMAND    SOON             0.5
    RIGHT     DEMAND2          5.0
 BL PRICE     LATE             0.25
    z         COST            -6.0
 BL PRICE     LATE             0.75
    z         COST            -1.0
ENDATA
"""
SCENARIOS = """\
STOCH         TINY
SCENARIOS     DISCRETE
 SC LOWHIGH   'ROOT'           0.125          NOW
    RIGHT     DEMAND2          3.0
    z         COST            -6.0
 SC LOWLOW    LOWHIGH          0.375          LATE
    z         COST            -1.0
 SC HIGHHIGH  LOWHIGH          0.125          SOON
    RIGHT     DEMAND2          5.0
 SC HIGHLOW   HIGHHIGH         0.375          LATE
    z         COST            -1.0
ENDATA
"""


def read(
    folder: Path, stoch: str, core: str = CORE, time: str = TIME, most: int = 10
) -> StochasticProgram:
    for end, text in (("cor", core), ("tim", time), ("sto", stoch)):
        (folder / f"tiny.{end}").write_text(text)
    return read_smps(*trio_in(folder), most=most)


def of(stoch: str, folder: Path) -> Arrays:
    """The last scenario's program."""
    return read(folder, stoch).programs[-1]


def assert_same(one: StochasticProgram, other: StochasticProgram) -> None:
    assert one.probability == pytest.approx(other.probability)
    for ours, theirs in zip(one.columns, other.columns, strict=True):
        assert ours.tolist() == theirs.tolist()
    for ours, theirs in zip(one.programs, other.programs, strict=True):
        assert (ours.matrix != theirs.matrix).nnz == 0
        assert ours.offset == theirs.offset
        for name in ("row_lower", "row_upper", "col_lower", "col_upper", "cost", "integer"):
            assert getattr(ours, name).tolist() == getattr(theirs, name).tolist(), name
        for k in range(ours.matrix.shape[0]):
            assert ours.row_name(k) == theirs.row_name(k)
        for k in range(ours.matrix.shape[1]):
            assert ours.column_name(k) == theirs.column_name(k)


def test_three_forms_and_both_kinds_of_periods_are_one_program(tmp_path: Path) -> None:
    """Proves: outcomes by number, by block and by scenario give the same tree of three periods."""
    program = read(tmp_path, INDEP)
    # x is one column, y one by demand, z one by scenario: in the order of columns, then of nodes.
    owned = [own.tolist() for own in program.columns]
    assert owned == [[0, 1, 3], [0, 1, 4], [0, 2, 5], [0, 2, 6]]
    assert program.probability == pytest.approx([0.125, 0.375, 0.125, 0.375])
    for stoch in (BLOCKS, SCENARIOS, INDEP.replace("   SOON ", "").replace("   LATE ", "")):
        assert_same(read(tmp_path, stoch), program)
    assert_same(read(tmp_path, SCENARIOS, time=EXPLICIT), program)
    free = CORE.replace("RHS           RIGHT", "RHS").replace(
        "    RIGHT     DEMAND2", " RIGHT DEMAND2"
    )
    assert_same(read(tmp_path, INDEP, core=free), program)


def test_the_tree_is_worth_what_it_is_by_hand(tmp_path: Path) -> None:
    """Proves: the extensive form of what is read has the optimum worked out by hand."""
    program = read(tmp_path, INDEP)
    found = solve_arrays(extensive_form(program).arrays)
    # A unit costs 2. Sold in SOON it brings 4, in LATE on average 2.25; both exceed 2. Of x units,
    # 3 or 5 go in SOON and at most 4 in LATE: unit 8 and 9 sell in half of the futures alone, when
    # demand is high, where they free units for LATE: 0.5 x 2.25 < 2. So x = 7: with low demand
    # 12 + 4 x 2.25, with high 20 + 2 x 2.25, less 14.
    assert found.objective == pytest.approx(14 - 0.5 * (12 + 9) - 0.5 * (20 + 4.5))
    assert found.values is not None
    assert found.values[0] == pytest.approx(7)


def test_every_kind_of_number_may_be_random(tmp_path: Path) -> None:
    """Proves: right-hand sides, costs, coefficients (one that the core has not), bounds and the
    constant of the objective are set; a range keeps its width, and the rest is the core's."""
    stoch = """\
STOCH
SCENARIOS
 SC A ROOT 0.5 SOON
 SC B ROOT 0.5 SOON
    RIGHT     DEMAND3          7.0   COST   -10
    y         STOCK2           2.0   COST   -9
    z         STOCK2           0.5
 UP BND       y                8.0
 LO BND       z                1.0
ENDATA
"""
    constant = CORE.replace("DEMAND2          3.0   DEMAND3", "COST             1.0   DEMAND3")
    core, changed = read(tmp_path, stoch, core=constant).programs
    assert (core.row_lower[3], core.row_upper[3]) == (-5, 4)
    assert (changed.row_lower[3], changed.row_upper[3]) == (-2, 7)
    # The right-hand side of the objective is its constant, negated.
    assert (core.offset, changed.offset) == (-1, 10)
    assert core.cost.tolist() == [2, -4, -6]
    assert changed.cost.tolist() == [2, -9, -6]
    assert core.matrix.toarray()[0].tolist() == [-1, 1, 0]
    assert changed.matrix.toarray()[0].tolist() == [-1, 2, 0.5]
    assert changed.matrix.toarray()[1:].tolist() == core.matrix.toarray()[1:].tolist()
    # One pattern for all.
    assert changed.matrix.indices.tolist() == core.matrix.indices.tolist()
    assert changed.col_upper.tolist() == [20, 8, np.inf]
    assert changed.col_lower.tolist() == [0, 0, 1]
    assert core.integer.tolist() == [False, True, False]
    assert [core.column_name(k) for k in range(3)] == ["x", "y", "z"]
    assert core.row_name(1) == "DEMAND2"


def test_an_outcome_of_a_block_lists_what_differs_from_the_first(tmp_path: Path) -> None:
    """Proves: numbers that a later outcome leaves out are the first one's, not the core's."""
    stoch = """\
STOCH
BLOCKS DISCRETE
 BL B LATE 0.5
    RIGHT     DEMAND3          6.0
    z         COST            -8.0
 BL B LATE 0.5
    z         COST            -7.0
ENDATA
"""
    last = of(stoch, tmp_path)
    assert (last.cost[2], last.row_upper[3]) == (-7, 6)


def test_bounds_are_random_by_themselves(tmp_path: Path) -> None:
    """Proves: a bound may be an independent number, of the period of its column."""
    stoch = "STOCH\nINDEP DISCRETE\n UP BND y 6 0.5\n UP BND y 7 SOON 0.5\n FX BND z 1 1\nENDATA\n"
    last = of(stoch, tmp_path)
    assert last.col_upper.tolist() == [20, 7, 1]
    assert last.col_lower.tolist() == [0, 0, 1]


def test_scenarios_share_what_they_know(tmp_path: Path) -> None:
    """Proves: of two children of the root that branch in different periods each has its own columns
    from there on, and those before are the root's."""
    stoch = "STOCH\nSCENARIOS\n SC A ROOT 0.5 LATE\n SC B ROOT 0.3 SOON\n SC C A 0.2 LATE\nENDATA\n"
    owned = [own.tolist() for own in read(tmp_path, stoch).columns]
    assert owned == [[0, 1, 3], [0, 2, 4], [0, 1, 5]]


def test_probabilities_stay_as_they_are(tmp_path: Path) -> None:
    """Proves: nothing is normalised, and the command states their sum."""
    stoch = SCENARIOS.replace("0.125", "0.124")
    assert read(tmp_path, stoch).probability.sum() == pytest.approx(0.998)
    out = tmp_path / "tiny.npz"
    said = CliRunner().invoke(app, ["convert", "smps", str(tmp_path), str(out)])
    assert said.exit_code == 0, said.output
    assert "4 scenarios; their probabilities add to 0.998, not to 1; 7 columns" in said.stdout
    assert "of which all scenarios share 1" in said.stdout


@pytest.mark.parametrize(
    ("stoch", "message"),
    [
        (INDEP.replace("DISCRETE", "UNIFORM"), r"tiny\.sto:2: INDEP UNIFORM is not read"),
        (INDEP.replace("INDEP  ", "CHANCE "), r"tiny\.sto:2: section CHANCE is not read"),
        (INDEP.replace("DEMAND2", "DEMAND9"), r"tiny\.sto:3: the core file has no 'DEMAND9'"),
        (INDEP.replace("    RIGHT", "    LEFT "), r"tiny\.sto:3: 'LEFT' is no column"),
        (
            INDEP.replace("LATE             0.75", "NEVER 0.75"),
            r"tiny\.sto:6: 'NEVER' is no period",
        ),
        (INDEP.replace("SOON             0.5", "SOON"), r"tiny\.sto:3: 'SOON' is no probability"),
        (INDEP.replace("   SOON             0.5", ""), r"tiny\.sto:3: needs an entry, its value"),
        (INDEP.replace("0.75", "1.75"), r"tiny\.sto:6: a probability is from 0 to 1"),
        (INDEP.replace("3.0", "3,0"), r"tiny\.sto:3: '3,0' is no number"),
        (INDEP.replace("3.0   SOON", "3.0   LATE"), r"tiny\.sto:4: known in another period"),
        (INDEP.replace("SOON", "NOW "), r"tiny\.sto:3: known in the first period, NOW"),
        (BLOCKS.replace(" BL DEMAND    SOON             0.5", " BL DEMAND SOON"), "3: BL needs"),
        (BLOCKS.replace("PRICE", "DEMAND"), r"tiny\.sto:7: known in another period"),
        (BLOCKS.replace("z         COST ", "RIGHT     DEMAND2"), "random in two places"),
        (SCENARIOS.replace("0.375          LATE", "0.375"), r"tiny\.sto:6: SC needs"),
        (SCENARIOS.replace("LOWLOW", "LOWHIGH"), r"tiny\.sto:6: scenario LOWHIGH is there"),
        (SCENARIOS.replace("HIGHLOW   HIGHHIGH", "HIGHLOW OTHER"), "10: 'OTHER' is no scenario"),
        (SCENARIOS.replace("SOON", "NOW"), r"tiny\.sto:8: known in the first period"),
        (SCENARIOS.replace("   RIGHT     DEMAND2          3.0", "   RIGHT"), "4: needs a column"),
        (SCENARIOS.replace(" SC LOWHIGH", " SX LOWHIGH"), r"tiny\.sto:3: not a line of section"),
        ("STOCH\nENDATA\n", "either scenarios, or outcomes"),
        (INDEP.replace("ENDATA\n", "") + SCENARIOS, "either scenarios, or outcomes"),
    ],
)
def test_what_is_wrong_in_a_stoch_file_is_said_by_line(
    stoch: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        read(tmp_path, stoch)


@pytest.mark.parametrize(
    ("time", "message"),
    [
        (TIME.replace("STOCK3", "STOCK9"), r"tiny\.tim:5: the core file has no 'STOCK9'"),
        (TIME.replace("    z  ", "    x  "), r"tiny\.tim:5: period LATE .* out of order"),
        (TIME.replace("LATE", "SOON"), r"tiny\.tim:5: period SOON is there already"),
        (TIME.replace("    x         COST ", "    x"), r"tiny\.tim:3: needs a column, a row"),
        (TIME.replace("PERIODS", "SECTIONS"), r"tiny\.tim:2: section SECTIONS is not read"),
        ("TIME\nPERIODS\nENDATA\n", r"tiny\.tim: no periods"),
        (EXPLICIT.replace("    y         SOON\n", ""), r"tiny\.tim: y has no period"),
        (
            EXPLICIT.replace("    x         NOW", "    x THEN"),
            r"tiny\.tim:14: 'THEN' is not listed",
        ),
        (
            EXPLICIT.replace("    x         NOW", "    x"),
            r"tiny\.tim:14: needs a name and a period",
        ),
        (EXPLICIT.replace(" EXPLICIT", ""), r"tiny\.tim:7: rows and columns are listed where"),
        (TIME.replace("PERIODS", "    x\nPERIODS"), r"tiny\.tim:2: a line before the periods"),
    ],
)
def test_what_is_wrong_in_a_time_file_is_said_by_line(
    time: str, message: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        read(tmp_path, INDEP, time=time)


@pytest.mark.parametrize(
    ("core", "message"),
    [
        (CORE.replace(" N  COST", " G  COST").replace(" N  UNUSED\n", ""), "no objective"),
        (CORE.replace("20.0", "twenty"), r"tiny\.cor:24: 'twenty' is no number"),
        (
            CORE.replace("   -1.0\n    MARK", "  -1,0\n    MARK"),
            r"tiny\.cor:12: '-1,0' is no number",
        ),
        (
            CORE.replace("STOCK3           1.0   D", "STOCK9           1.0   D"),
            r"15: 'STOCK9' is not in",
        ),
        (CORE.replace("BOUNDS", "QUADOBJ"), r"tiny\.cor:23: section QUADOBJ is not read"),
        (
            CORE.replace("    x         STOCK3  ", "    x       "),
            r"tiny\.cor:12: needs a name, and rows",
        ),
        (
            CORE.replace(" UP BND       x", " UP BND       w"),
            r"tiny\.cor:24: 'w' is not in the section",
        ),
        (
            CORE.replace("STOCK3          -1", "STOCK2          -1"),
            r"12: 'STOCK2' is there already",
        ),
        (CORE.replace("ROWS\n", "ROWS\n Q  R\n"), r"tiny\.cor: HiGHS does not read it"),
        (CORE.replace("ROWS\n", "OBJSENSE\n    MAX\nROWS\n"), r"tiny\.cor: the objective is max"),
        (CORE.replace(" UP BND       x ", " SC BND       x "), "semi-continuous"),
    ],
)
def test_what_a_core_file_may_not_have(core: str, message: str, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=message):
        read(tmp_path, INDEP, core=core)


def test_the_right_hand_side_of_an_equality_with_a_range_is_not_random(tmp_path: Path) -> None:
    core = CORE.replace(" L  DEMAND3", " E  DEMAND3")
    stoch = INDEP.replace("DEMAND2", "DEMAND3")
    with pytest.raises(ValueError, match=r"tiny\.sto:3: DEMAND3 is an equality with a range"):
        read(tmp_path, stoch, core=core)


def test_too_many_scenarios_are_counted_and_not_stacked(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"tiny\.sto: 4 scenarios; at most 3 can be stacked"):
        read(tmp_path, INDEP, most=3)
    assert len(read(tmp_path, INDEP, most=4).names) == 4


def test_a_program_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    """Proves: a round trip through .npz changes nothing, names included, and none are needed."""
    program = read(tmp_path, BLOCKS)
    path = tmp_path / "tiny.npz"
    write_program(program, path)
    again = read_program(path)
    assert again.names == program.names
    assert_same(again, program)
    nameless = [
        replace(
            one, rows=one.rows.take(np.array([], int)), columns=one.columns.take(np.array([], int))
        )
        for one in program.programs
    ]
    write_program(replace(program, programs=tuple(nameless)), path)
    assert len(read_program(path).programs[0].columns) == 0


def test_only_programs_of_one_pattern_are_written(tmp_path: Path) -> None:
    program = read(tmp_path, INDEP)
    first, *others = program.programs
    lazy = replace(first, separate=lambda point: point)  # type: ignore[arg-type, return-value]
    fewer = replace(first, matrix=first.matrix * 0)
    fewer.matrix.eliminate_zeros()
    for one in (lazy, fewer):
        odd = replace(program, programs=(one, *others))
        with pytest.raises(ValueError, match="one pattern and no lazy constraints"):
            write_program(odd, tmp_path / "tiny.npz")
    (tmp_path / "other.npz").write_text("cost")
    np.savez(tmp_path / "else.npz", cost=np.zeros((1, 1)))
    for name in ("other.npz", "else.npz", "none.npz"):
        with pytest.raises(ValueError, match="is not a stochastic program"):
            read_program(tmp_path / name)


def test_the_command_converts_a_trio(tmp_path: Path) -> None:
    """Proves: `convert smps` takes a folder with one trio or three files, and asks which otherwise."""
    program = read(tmp_path, INDEP)
    files = [str(file) for file in trio_in(tmp_path)]
    out = tmp_path / "out.npz"
    for given in ([str(tmp_path)], files):
        said = CliRunner().invoke(app, ["convert", "smps", *given, str(out)])
        assert said.exit_code == 0, said.output
        assert "4 scenarios; 7 columns" in said.stdout
        assert_same(read_program(out), program)
        out.unlink()
    (tmp_path / "other.sto").write_text(SCENARIOS)
    for words in (
        [str(tmp_path), str(out)],
        [*files[:2], str(out)],
        [*files, str(tmp_path / "out.csv")],
        [files[0], files[2], files[1], str(out)],
    ):
        assert CliRunner().invoke(app, ["convert", "smps", *words]).exit_code == 2
    assert not out.exists()
    for words in ([*files[:2], "out"], [str(tmp_path), "out"]):
        assert CliRunner().invoke(app, ["convert", "orlib", *words]).exit_code == 2


def test_the_readme_lists_every_array_with_its_shape(tmp_path: Path) -> None:
    """Proves: benchmarks/README.md has the arrays of an .npz file as they are written, in one table."""
    program = read(tmp_path, INDEP)
    write_program(program, tmp_path / "tiny.npz")
    (rows, columns), entries = program.programs[0].matrix.shape, program.programs[0].matrix.nnz
    sizes = {"scenarios": 4, "rows": rows, "columns": columns, "entries": entries}
    text = (ROOT / "benchmarks" / "README.md").read_text("utf-8")
    table = text[text.index("| array | shape |") :].partition("\n\n")[0].splitlines()[2:]
    shapes = {}
    for line in table:
        names, shape, _ = line.strip("|").split("|")
        listed = re.findall(r"`(\w+)`", names)
        places = [
            sum(sizes.get(k) or int(k) for k in p.split(" + ")) for p in shape.strip().split(", ")
        ]
        for k, name in enumerate(listed):
            # A row lists arrays of one shape, or a shape of one dimension for each.
            is_each = name in ("indptr", "indices", "row_names", "column_names")
            shapes[name] = (places[k],) if is_each else tuple(places)
    with np.load(tmp_path / "tiny.npz") as file:
        assert shapes == {name: array.shape for name, array in file.items()}
    assert f"At most {MOST_SCENARIOS:,} scenarios" in " ".join(text.split())


def test_commands_of_the_readme_are_there() -> None:
    """Proves: each command line in benchmarks/README.md has a known command with known options."""
    known = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    text = (ROOT / "benchmarks" / "README.md").read_text("utf-8")
    lines = re.findall(r"python -m benchmarks ([\w .,/-]+)", text)
    assert any(line.startswith("convert smps") for line in lines)
    for words in (line.split() for line in lines if not line.startswith("--help")):
        options = {option for parameter in known[words[0]].params for option in parameter.opts}
        assert {word for word in words if word.startswith("--")} <= options, words
