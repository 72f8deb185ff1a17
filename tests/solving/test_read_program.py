"""Programs read from files: what they hold, what is refused, and what comes out of solving them."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

import optalloc
from optalloc.errors import OptallocError
from optalloc.mip.outcome import Options, StopReason
from optalloc.solving.highs import read_program
from optalloc.solving.solvers import solve_by

# max 3x + 2y + 1 with x + y <= 4.5, 1 <= x - y <= 2, x integer, 0 <= x <= 3, y >= 0.
TINY = """NAME tiny
OBJSENSE
    MAX
ROWS
 N cost
 L room
 G apart
COLUMNS
 M1 'MARKER' 'INTORG'
 x cost 3 room 1
 x apart 1
 M2 'MARKER' 'INTEND'
 y cost 2 room 1
 y apart -1
RHS
 RHS room 4.5 apart 1
 RHS cost -1
RANGES
 RNG apart 1
BOUNDS
 UP BND x 3
ENDATA
"""


def written(folder: Path, text: str, name: str = "tiny.mps") -> Path:
    path = folder / name
    path.write_text(text)
    return path


def test_a_program_is_read_as_arrays_to_be_minimised(tmp_path: Path) -> None:
    """Proves: matrix, ranges, bounds, integers, names and the offset are those of the file, its costs
    turned round as it maximises; by hand the optimum is x = 3, y = 1.5: 9 + 3 + 1 = 13."""
    arrays, maximised = read_program(written(tmp_path, TINY))
    assert maximised
    assert arrays.matrix.toarray().tolist() == [[1.0, 1.0], [1.0, -1.0]]
    assert arrays.cost.tolist() == [-3.0, -2.0] and arrays.offset == -1.0
    assert arrays.row_lower.tolist() == [-np.inf, 1.0] and arrays.row_upper.tolist() == [4.5, 2.0]
    assert arrays.col_upper.tolist() == [3.0, np.inf] and arrays.integer.tolist() == [True, False]
    assert (arrays.row_name(1), arrays.column_name(0)) == ("row[apart]", "column[x]")
    found = solve_by(arrays, Options(threads=1))
    assert found.objective == pytest.approx(-13.0)
    assert found.values == pytest.approx([3.0, 1.5])


def test_what_the_arrays_do_not_hold_is_refused(tmp_path: Path) -> None:
    """Proves: a semi-continuous column, quadratic costs and text that is no program are errors that name
    the file. Sensitivity: the same file without them is read."""
    semi = TINY.replace(" UP BND x 3", " UP BND x 3\n SC BND y 3")
    quadratic = TINY.replace("ENDATA", "QUADOBJ\n x x 2\nENDATA")
    for text, words in ((semi, "semi-continuous"), (quadratic, "quadratic"), ("what\n", "read")):
        with pytest.raises(OptallocError, match=f"tiny.mps.*{words}"):
            read_program(written(tmp_path, text))
    with pytest.raises(OptallocError, match=r"none\.mps"):
        read_program(tmp_path / "none.mps")
    lp = "min\n obj: x + y\nst\n c: x + 2 y >= 3\nend\n"
    arrays, maximised = read_program(written(tmp_path, lp, "tiny.lp"))
    assert not maximised and arrays.matrix.toarray().tolist() == [[1.0, 2.0]]
    assert not arrays.integer.any()


@pytest.mark.parametrize(
    "name",
    [
        "egout",
        "infeasible-mip0",
        *(
            pytest.param(n, marks=pytest.mark.slow)
            for n in ("bell5", "flugpl", "lseu", "issue-2402", "issue-2446")
        ),
    ],
)
def test_published_optima_come_out(name: str, shared_data: Path) -> None:
    """Proves: the optimum of the file's own source, or that it is infeasible, in the file's sense."""
    folder = shared_data / "mps"
    with (folder / "optima.csv").open() as file:
        (row,) = [row for row in csv.DictReader(file) if row["file"] == name]
    arrays, maximised = read_program(folder / f"{name}.mps")
    found = solve_by(arrays, Options(gap=1e-7, time_limit_s=60, threads=1))
    assert maximised == (row["sense"] == "max")
    if row["status"] == "infeasible":
        assert found.stop_reason is StopReason.INFEASIBLE
    else:
        cost = -found.objective if maximised else found.objective
        assert cost == pytest.approx(float(row["optimum"]), rel=1e-6)


@pytest.mark.long
def test_programs_in_a_campaign(shared_data: Path, tmp_path: Path) -> None:
    """Proves: a program with a known optimum and an infeasible one are measured, neither wrong by what
    is known; decompose says that it has no blocks and stages; a cost that is maximised is shown as the
    file has it. Sensitivity: held against another optimum, plan and bound are named."""
    known = tmp_path / "known.csv"
    known.write_text(
        "instance,objective,bound\negout,568.1007,568.1007\ninfeasible-mip0,,inf\ntiny,13,13\n"
    )
    files = [shared_data / "mps" / f"{name}.mps" for name in ("egout", "infeasible-mip0")]
    options = {"strategies": ["direct", "decompose"], "threads": 1, "out": tmp_path / "out"}
    sources = [*files, written(tmp_path, TINY)]
    said = optalloc.bench(sources, known=known, **options)
    runs = said["Runs"].set_index(["instance", "route"])
    assert runs.loc[("egout", "highs:direct"), "objective"] == pytest.approx(568.1007)
    assert runs.loc[("infeasible-mip0", "highs:direct"), "stopped"] == "infeasible"
    assert runs.loc[("tiny", "highs:direct"), "bound"] == pytest.approx(13.0)
    assert (runs.xs("highs:decompose", level=1)["stopped"] == "unsuited").all()
    assert any("names no blocks and stages" in sentence for sentence in said.sentences)
    assert said["Wrong answers"].empty and said["Routes"]["reached"].tolist() == [3]
    known.write_text("instance,objective,bound\negout,500,\ntiny,,12\ninfeasible-mip0,1,1\n")
    wrong = optalloc.bench(sources, known=known, **options)["Wrong answers"]
    answers = dict(zip(wrong["instance"], wrong["answer"], strict=True))
    assert answers == {
        "egout": "bound 568.1007",
        "tiny": "plan 13",
        "infeasible-mip0": "infeasible",
    }
