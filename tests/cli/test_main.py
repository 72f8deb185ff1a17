"""The command line, as a user meets it: what it prints, where, and with which exit code."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import openpyxl
import pytest

import optalloc
from tests import books
from tests.command import Run, optalloc_says
from tests.paths import INPUTS, ROOT

MINIMAL, PACIFIC, BROKEN = (INPUTS / name for name in ("minimal", "pacific", "broken.xlsx"))
COMMAND = [sys.executable, "-W", "error", "-m", "optalloc"]
PLAN_KEYS = {
    "stop_reason",
    "quality",
    "objective",
    "bound",
    "gap",
    "seconds",
    "size",
    "versions",
    "input_hash",
    "tables",
}


def process_says(*words: object, **env: str) -> Run:
    """Run the command as a user does, with its output piped."""
    return subprocess.run(
        [*COMMAND, *map(str, words)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
    )


def lines_told(text: str) -> list[str]:
    """The lines of a text that are neither a phase nor progress."""
    return [line for line in text.splitlines() if not re.match(r" +\d+\.\d s  ", line)]


def one_line(text: str) -> str:
    """The only such line."""
    (line,) = lines_told(text)
    return line


# Solve --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def solved(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    out = tmp_path_factory.mktemp("solved") / "deep" / "out"
    return process_says("solve", MINIMAL, "--out", out), out


@pytest.mark.first(1)
def test_a_plan_is_summed_up_on_stdout_and_written(solved: tuple[Run, Path]) -> None:
    run, out = solved
    assert run.returncode == 0
    figures = dict(re.split(r"\s{2,}", line.strip())[:2] for line in run.stdout.splitlines())
    assert figures["total cost"] == "1,170"
    assert (figures["quality"], figures["gap"]) == ("optimal", "0.0000 %")
    assert sorted(path.name for path in out.iterdir()) == ["plan.xlsx", "report.html"]
    assert {"Summary", "Build", "Cost", "Audit", "Run"} <= set(
        openpyxl.load_workbook(out / "plan.xlsx").sheetnames
    )


def test_progress_goes_to_stderr_in_plain_lines(solved: tuple[Run, Path]) -> None:
    run, out = solved
    notice, wrote = lines_told(run.stderr)
    assert notice.startswith("notice: Sites!B3: where grid_zone is blank")
    assert wrote == f"wrote {out / 'plan.xlsx'} and {out / 'report.html'}"
    phases = [line.split()[2] for line in run.stderr.splitlines()[:-2]]
    assert phases[:5] == ["read", "validate", "build", "compile", "solve"]
    assert phases[-1] == "audit"
    assert "\x1b" not in run.stdout + run.stderr
    assert "\r" not in run.stdout + run.stderr


@pytest.mark.slow
def test_json_is_one_object_and_nothing_else(tmp_path: Path) -> None:
    run = process_says("solve", MINIMAL, "--json")
    assert run.returncode == 0
    plan = json.loads(run.stdout)
    assert run.stdout.count("\n") == 1
    assert set(plan) >= PLAN_KEYS
    assert (plan["stop_reason"], plan["quality"]) == ("proved", "optimal")
    assert (plan["objective"], plan["bound"], plan["gap"]) == (1170.0, 1170.0, 0.0)
    assert {"rows", "columns", "non_zeros"} <= set(plan["size"])
    assert {"optalloc", "highs", "python", "model"} <= set(plan["versions"])
    assert {"read", "build", "solve", "audit"} <= set(plan["seconds"])
    data = optalloc.validate(optalloc.read_workbook(MINIMAL), optalloc.load_model())
    assert plan["input_hash"] == data.digest
    build = {(row["site"], row["period"]): row["online_mw"] for row in plan["tables"]["Build"]}
    assert build["North", "Y3"] == 50


def test_json_with_a_folder_writes_the_files_too(tmp_path: Path) -> None:
    """Proves: what is asked for is written, and stdout holds the JSON object alone."""
    out = tmp_path / "out"
    run = optalloc_says("solve", MINIMAL, "--json", "--out", out)
    assert json.loads(run.stdout)["objective"] == 1170.0
    assert {path.name for path in out.iterdir()} == {"plan.xlsx", "report.html"}
    assert f"wrote {out / 'plan.xlsx'} and {out / 'report.html'}" in run.stderr


@pytest.mark.slow
def test_results_of_two_runs_are_not_mixed(tmp_path: Path) -> None:
    """Proves: an explanation of an earlier plan does not stay beside another plan."""
    out = tmp_path / "out"
    optalloc_says("explain", MINIMAL, "--out", out)
    run = optalloc_says("solve", MINIMAL, "--out", out)
    assert {path.name for path in out.iterdir()} == {"plan.xlsx", "report.html", "earlier"}
    moved = out / "earlier" / "explanation.xlsx"
    assert moved.exists()
    assert f"moved explanation.xlsx of an earlier run to {moved}" in run.stderr


def failed(code: int, kind: str, *words: object) -> str:
    """Both ways of saying that a solve failed; the lines that it prints."""
    plain, as_json = optalloc_says("solve", *words), optalloc_says("solve", *words, "--json")
    assert (plain.returncode, as_json.returncode) == (code, code)
    assert plain.stdout == ""
    told = json.loads(as_json.stdout)
    assert as_json.stdout.count("\n") == 1
    assert (told["error"], told["exit_code"]) == (kind, code)
    for text in (plain.stderr, as_json.stderr):
        assert "Traceback" not in text
        assert lines_told(text) == told["messages"]
    return "\n".join(map(str, told["messages"]))


def test_input_errors(tmp_path: Path) -> None:
    book = books.write(books.book(Sites={"max_mw": -1}), tmp_path / "book")
    out = tmp_path / "out"
    message = failed(3, "input", book, "--out", out)
    assert message.startswith("Sites!C2: max_mw must be at least 0 MW IT; found '-1'. ")
    assert not out.exists()


def test_an_unknown_input() -> None:
    assert failed(3, "input", "no/such/book.xlsx") == (
        "File: book.xlsx must exist. Check the path and its spelling. [not-found]"
    )


def test_an_infeasible_case(tmp_path: Path) -> None:
    book = books.write(books.book(Sites={"max_mw": 30}), tmp_path / "book")
    message = failed(4, "infeasible", book, "--out", tmp_path / "out")
    assert "all of which must be served (Demand!D2)" in message
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_demand_that_nothing_can_serve_in_time(tmp_path: Path) -> None:
    book = books.write(books.book(Sites={"block_lead_months": 24}), tmp_path / "book")
    run = optalloc_says("solve", book)
    assert run.returncode == 4
    assert "24 months before (Sites!E2)" in run.stderr


@pytest.mark.slow
def test_out_of_time_before_a_first_plan(tmp_path: Path) -> None:
    message = failed(5, "no plan", PACIFIC, "--time-limit", "0.001", "--out", tmp_path / "out")
    assert message == "stopped (time) before a first plan was found; allow more time"
    assert not (tmp_path / "out").exists()


def test_a_model_folder_that_is_not_there() -> None:
    assert "no model folder" in failed(2, "model", MINIMAL, "--model", "no/such/folder")


def test_a_family_that_cannot_be_imported(tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(ROOT / "models" / "capacity", model)
    (model / "mine.py").write_text("FAMILY = 1 / 0\n")
    message = failed(2, "model", MINIMAL, "--model", model)
    assert "mine.py: cannot be imported: division by zero" in message


def test_a_fault_of_the_model_is_told_with_its_traceback(tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(ROOT / "models" / "capacity", model)
    grid = model / "grid" / "sheets.py"
    grid.write_text(
        grid.read_text().replace("def check(", "def check(data):\n    1 / 0\n\n\ndef _(", 1)
    )
    run = optalloc_says("solve", MINIMAL, "--model", model, "--json")
    assert run.returncode == 70
    assert "ZeroDivisionError" in run.stderr
    assert json.loads(run.stdout)["error"] == "fault"


# The approved plan --------------------------------------------------------------------------------


@pytest.mark.long
def test_a_plan_is_compared_with_the_approved_one(tmp_path: Path) -> None:
    """40 MW at A for 400 M are approved, and B becomes cheaper by 40 M: at 1 M per MW it stays."""
    sites = [
        {"site": site, "status": "committed", "max_mw": 100, "build_cost_per_mw": cost}
        for site, cost in (("A", 10), ("B", 11))
    ]
    network = [{"site": site, "region": "R", "latency_ms": 10} for site in "AB"]
    prices = {"cost_per_mw_started": 1}
    case = books.book(Sites=sites, Network=network, DepartureCosts=prices)
    book = books.write(case, tmp_path / "book")
    assert optalloc_says("solve", book, "--out", tmp_path).returncode == 0
    plan = tmp_path / "plan.xlsx"
    case["Sites"][1]["build_cost_per_mw"] = 9
    books.write(case, tmp_path / "book")
    run = optalloc_says("check", book, "--approved", plan)
    assert (run.returncode, run.stdout, run.stderr) == (0, "book: no errors\n", "")
    for words, cost in ((["--approved", plan], 400), ([], 360)):
        run = optalloc_says("solve", book, "--out", tmp_path / "out", "--json", *words)
        assert json.loads(run.stdout)["objective"] == pytest.approx(cost)
    lp = tmp_path / "model.lp"
    assert optalloc_says("export", book, lp, "--approved", plan).returncode == 0
    assert "departure_counted" in lp.read_text()


def test_an_approved_plan_that_is_none(tmp_path: Path) -> None:
    out = tmp_path / "out"
    message = failed(3, "input", MINIMAL, "--approved", "no/such/plan.xlsx", "--out", out)
    assert message == "File: plan.xlsx must exist. Check the path and its spelling. [not-found]"
    message = failed(3, "input", MINIMAL, "--approved", BROKEN, "--out", out)
    assert message.startswith("File: broken.xlsx must be a plan of optalloc; found no sheet ")
    run = optalloc_says("check", MINIMAL, "--approved", tmp_path)
    assert (run.returncode, run.stdout) == (3, "")
    assert "found a folder" in one_line(run.stderr)


# The folder to write to ---------------------------------------------------------------------------


def test_out_may_not_be_a_file(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.write_text("mine")
    for folder in (out, out / "deeper"):
        run = optalloc_says("solve", MINIMAL, "--out", folder)
        assert (run.returncode, run.stdout) == (2, "")
        assert run.stderr == f"{out}: must be a folder for --out {folder}; it is a file\n"
    assert out.read_text() == "mine"


def test_out_must_be_writable(tmp_path: Path) -> None:
    run = optalloc_says("solve", MINIMAL, "--out", "/proc/out")
    assert (run.returncode, run.stdout) == (2, "")
    assert re.fullmatch(r"/proc(/out)?: .+", one_line(run.stderr))
    (tmp_path / "plan.xlsx").mkdir()
    run = optalloc_says("solve", MINIMAL, "--out", tmp_path)
    assert run.returncode == 2
    assert "plan.xlsx: must be a file to be replaced; it is a folder" in one_line(run.stderr)
    assert [path.name for path in tmp_path.iterdir()] == ["plan.xlsx"]


@pytest.mark.slow
def test_a_plan_of_before_is_replaced_and_other_files_stay(tmp_path: Path) -> None:
    for name in ("plan.xlsx", "mine.txt"):
        (tmp_path / name).write_text("old")
    assert optalloc_says("solve", MINIMAL, "--out", tmp_path).returncode == 0
    assert (tmp_path / "plan.xlsx").read_bytes().startswith(b"PK")
    assert (tmp_path / "mine.txt").read_text() == "old"
    assert len(list(tmp_path.iterdir())) == 3


# Ctrl-C -------------------------------------------------------------------------------------------


def interrupted(whenever: list[str], *words: object) -> Run:
    """Run, and send Ctrl-C each time that a line on stderr matches the next pattern."""
    process = subprocess.Popen(
        [*COMMAND, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stderr is not None
    seen, awaited = "", list(whenever)
    try:
        for line in process.stderr:
            seen += line
            if re.search(awaited[0], line):
                if awaited == whenever:
                    # The solver is well under way; what comes after it may be over soon.
                    time.sleep(0.1)
                process.send_signal(signal.SIGINT)
                awaited.pop(0)
                if not awaited:
                    break
        out, err = process.communicate(timeout=90)
    finally:
        process.kill()
    assert not awaited, seen
    return Run(words, process.returncode, out, seen + err)


@pytest.fixture(scope="module")
def hard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workbook with a first plan at once, whose proof takes minutes."""
    return books.write(books.hard(), tmp_path_factory.mktemp("hard") / "book")


@pytest.mark.long
@pytest.mark.first(1)
def test_ctrl_c_keeps_the_best_plan_with_its_gap(hard: Path, tmp_path: Path) -> None:
    """Even pressed again while the plan is being checked."""
    run = interrupted([r"plan \d", "s  read back"], "solve", hard, "--gap", "0", "--out", tmp_path)
    assert run.returncode == 0, run.stderr
    assert "press Ctrl-C again to give it up" in run.stderr
    assert "Traceback" not in run.stderr
    figures = dict(re.split(r"\s{2,}", line.strip())[:2] for line in run.stdout.splitlines())
    assert (figures["quality"], figures["why it stopped"]) == ("feasible", "interrupted")
    assert 0 < float(figures["gap"].removesuffix(" %")) < 100
    assert (tmp_path / "plan.xlsx").is_file()


@pytest.mark.slow
def test_a_third_ctrl_c_gives_the_plan_up(hard: Path, tmp_path: Path) -> None:
    times = [r"plan \d", "s  read back", "press Ctrl-C again"]
    run = interrupted(times, "solve", hard, "--gap", "0", "--out", tmp_path)
    assert (run.returncode, run.stdout) == (5, "")
    assert run.stderr.splitlines()[-1] == "interrupted; no plan was written"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.long
def test_ctrl_c_before_a_first_plan_is_one_line(hard: Path, tmp_path: Path) -> None:
    run = interrupted([r"s  (build|compile)"], "solve", hard, "--out", tmp_path / "out")
    assert (run.returncode, run.stdout) == (5, ""), run.stderr
    assert re.search(r"interrupted", one_line(run.stderr))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("verb", "module"),
    [("check", "typer"), ("check", "numpy"), ("check", "pandas"), ("solve", "pyomo")],
)
def test_ctrl_c_while_libraries_are_imported_is_one_line(verb: str, module: str) -> None:
    """The interpreter itself tells, on stderr, what has just been imported."""
    command = [sys.executable, "-X", "importtime", *COMMAND[1:], verb, str(PACIFIC)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stderr is not None
    for line in process.stderr:
        if f" {module}." in line:
            process.send_signal(signal.SIGINT)
            break
    out, err = process.communicate(timeout=60)
    said = [line for line in err.splitlines() if not line.startswith("import time:")]
    assert (process.returncode, out, said) == (5, "", ["interrupted; no plan was written"])


def test_ctrl_c_while_libraries_are_imported_is_json_where_asked_for() -> None:
    """As the console script enters; the signal comes at the first library imported."""
    script = (
        "import os, signal, sys; from optalloc.__main__ import main; "
        "assert not {'pandas', 'numpy', 'pyomo', 'typer'} & set(sys.modules); "
        "sys.meta_path.insert(0, type('Finder', (), {'find_spec': staticmethod("
        "lambda *_: os.kill(os.getpid(), signal.SIGINT))})); main()"
    )
    run = subprocess.run(
        [sys.executable, "-c", script, "solve", str(MINIMAL), "--json"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=ROOT,
    )
    assert run.returncode == 5
    assert run.stderr == "interrupted; no plan was written\n"
    assert json.loads(run.stdout) == {
        "error": "no plan",
        "exit_code": 5,
        "messages": ["interrupted; no plan was written"],
    }


# Check --------------------------------------------------------------------------------------------


def test_check_of_a_valid_workbook(tmp_path: Path) -> None:
    """Proves: one line where nothing is odd; of the minimal case, that South has no grid zone."""
    run = optalloc_says("check", books.write(books.book(), tmp_path / "book"))
    assert (run.returncode, run.stdout, run.stderr) == (0, "book: no errors\n", "")
    run = optalloc_says("check", MINIMAL)
    notice, last = run.stdout.splitlines()
    assert notice.startswith(
        "notice: Sites!B3: where grid_zone is blank, nothing of GridZones applies"
    )
    assert (run.returncode, last, run.stderr) == (0, "minimal: no errors", "")


@pytest.mark.slow
def test_notices_are_said_and_are_no_errors(tmp_path: Path) -> None:
    book = books.write(books.book(Workloads={"workload": "load "}), tmp_path / "book")
    run = optalloc_says("check", book)
    assert run.returncode == 0
    assert re.fullmatch(
        r"notice: Workloads!A2: .+ \[spaces-trimmed\]\nbook: no errors\n", run.stdout
    )
    run = optalloc_says("solve", book, "--out", tmp_path / "out")
    assert run.returncode == 0
    assert "notice: Workloads!A2" in run.stderr


def test_check_marks_a_copy_of_the_workbook(tmp_path: Path) -> None:
    book = tmp_path / "plan of mine.xlsx"
    shutil.copy(BROKEN, book)
    run = optalloc_says("check", "--mark", book)
    marked = tmp_path / "plan of mine-marked.xlsx"
    assert run.returncode == 3
    assert f"wrote {marked}" in run.stdout.splitlines()
    assert book.read_bytes() == BROKEN.read_bytes()
    sheets = openpyxl.load_workbook(marked)
    for line in run.stdout.splitlines():
        told = re.match(r"(?:notice: )?(\w+)!([A-Z]+\d+): ([^;.]+)", line)
        if told:
            comment = sheets[told[1]][told[2]].comment
            assert comment is not None and told[3] in comment.text
    assert sorted(path.name for path in tmp_path.iterdir()) == [marked.name, book.name]


def test_check_marks_nothing_where_nothing_is_wrong_or_there_is_no_workbook(tmp_path: Path) -> None:
    book = tmp_path / "book.xlsx"
    assert optalloc_says("template", book, "--example").returncode == 0
    assert optalloc_says("check", book, "--mark").stdout == "book.xlsx: no errors\n"
    assert list(tmp_path.iterdir()) == [book]
    run = optalloc_says("check", MINIMAL, "--mark")
    assert (run.returncode, run.stdout) == (2, "")
    assert "must be an .xlsx workbook for its cells to be marked" in one_line(run.stderr)


@pytest.mark.long
def test_a_console_that_cannot_show_a_name_still_gets_the_message(tmp_path: Path) -> None:
    book = books.write(books.book(Sites={"site": "Malmö 😀", "max_mw": -1}), tmp_path / "bok😀")
    run = process_says("check", book, PYTHONIOENCODING="ascii")
    assert (run.returncode, run.stderr) == (3, "")
    assert "errors in bok\\U0001f600" in run.stdout


# Template -----------------------------------------------------------------------------------------


def test_a_template_left_as_it_is_says_what_to_fill_in(tmp_path: Path) -> None:
    """Proves: it is no case, and each required setting and sheet is named, nothing else."""
    book = tmp_path / "book.xlsx"
    assert optalloc_says("template", book).returncode == 0
    run = optalloc_says("check", book)
    assert run.returncode == 3
    *lines, last = run.stdout.splitlines()
    required = [sheet for sheet in optalloc.load_model().sheets.values() if sheet.required]
    cells = {line.partition(":")[0] for line in lines}
    assert {cell.partition("!")[0] for cell in cells} == {sheet.name for sheet in required}
    assert all("must be filled in" in line or "Fill in the sheet" in line for line in lines)
    assert last == f"{len(lines)} errors in book.xlsx"


@pytest.mark.long
def test_the_example_passes_its_own_check_and_can_be_solved(tmp_path: Path) -> None:
    book = tmp_path / "book.xlsx"
    run = optalloc_says("template", book, "--example")
    assert (run.returncode, run.stdout, run.stderr) == (0, f"wrote {book}\n", "")
    assert optalloc_says("check", book).stdout == "book.xlsx: no errors\n"
    run = optalloc_says("solve", book, "--out", tmp_path)
    assert run.returncode == 0, run.stderr


@pytest.mark.slow
def test_a_template_filled_from_a_folder_reads_the_same(tmp_path: Path) -> None:
    book = tmp_path / "book.xlsx"
    assert optalloc_says("template", book, "--from", PACIFIC).returncode == 0
    model = optalloc.load_model()
    written, read = (optalloc.validate(optalloc.read_workbook(p), model) for p in (book, PACIFIC))
    assert written.records() == read.records()


def test_a_template_overwrites_nothing_by_itself(tmp_path: Path) -> None:
    book = tmp_path / "book.xlsx"
    book.write_text("mine")
    run = optalloc_says("template", book)
    assert (run.returncode, run.stdout, book.read_text()) == (2, "", "mine")
    assert "--force" in run.stderr
    assert optalloc_says("template", book, "--force").returncode == 0
    assert book.read_bytes().startswith(b"PK")


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["book.csv"], 2, "must end in .xlsx"),
        (["no/such/folder/book.xlsx"], 2, "book.xlsx"),
        (["book.xlsx", "--from", "no such folder"], 3, "[not-found]"),
        (["book.xlsx", "--from", str(BROKEN)], 3, "[unknown-sheet]"),
        (["book.xlsx", "--model", "no such folder"], 2, "no model folder"),
    ],
)
def test_a_template_that_cannot_be_written(
    tmp_path: Path, words: list[str], code: int, message: str
) -> None:
    run = optalloc_says("template", *words, cwd=tmp_path)
    assert (run.returncode, run.stdout) == (code, "")
    assert message in run.stderr
    assert "Traceback" not in run.stderr
    assert list(tmp_path.iterdir()) == []


# Usage --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "words",
    [
        ["no-such-command"],
        ["solve"],
        ["solve", "book", "--gap", "2"],
        ["solve", "book", "--gap", "150%"],
        ["solve", "book", "--gap", "-1"],
        ["sweep", "book", "--gap", "nan"],
        ["explain", "book", "--gap", "abc"],
        ["solve", "book", "--threads", "0"],
        ["solve", "book", "--time-limit", "soon"],
        ["solve", "book", "--time-limit", "nan"],
        ["solve", "book", "--time-limit", "2m"],
        ["bench", "book", "--time-limit", "-1"],
        ["explain", "book", "--budget", "inf"],
        ["sweep", "book", "--jobs", "0"],
        ["sweep", "book", "--case-limit", "nan"],
        ["serve", "--memory", "nan"],
        ["check", "book", "--colour"],
    ],
)
def test_wrong_usage(words: list[str]) -> None:
    run = optalloc_says(*words)
    assert (run.returncode, run.stdout) == (2, "")
    assert "Usage:" in run.stderr
    assert "Traceback" not in run.stderr


@pytest.mark.parametrize("command", ["solve", "explain", "sweep", "alternatives", "bench"])
@pytest.mark.parametrize("gap", ["1%", "1 %", "0.01", "100%", "0"])
def test_a_gap_is_a_share_wherever_it_is_asked_for(command: str, gap: str, tmp_path: Path) -> None:
    """Proves: `--gap 1%` is read as `--slack 1%` is; what follows is that there is no workbook."""
    run = optalloc_says(command, tmp_path / "none.xlsx", "--gap", gap)
    assert (run.returncode, "must exist" in run.stderr) == (3, True)


@pytest.mark.parametrize(
    ("gap", "advice"),
    [("5", "such as 5% or 0.05"), ("150%", "such as 1% or 0.01"), ("x", "such as 1% or 0.01")],
)
def test_a_gap_out_of_bounds_is_told_how_to_write_it(gap: str, advice: str) -> None:
    said = " ".join(optalloc_says("solve", "book", "--gap", gap).stderr.replace("│", "").split())
    assert "must be a share of at least 0 and at most 100%" in said
    assert advice in said
    assert f"found '{gap}'" in said


def test_documents_are_written(tmp_path: Path) -> None:
    out = tmp_path / "new" / "docs"
    run = optalloc_says("document", out)
    assert (run.returncode, run.stderr) == (0, "")
    assert sorted(run.stdout.splitlines()) == sorted(f"wrote {path}" for path in out.iterdir())
    assert "## optalloc solve\n" in (out / "commands.md").read_text("utf-8")
    assert (out / "formulation.md").read_text("utf-8").startswith("# Formulation\n")
    assert (out / "data_dictionary.md").read_text("utf-8").startswith("# Data dictionary\n")


@pytest.mark.parametrize("command", ["", "solve", "check", "template", "document"])
def test_help_says_what_there_is(command: str) -> None:
    run = optalloc_says(*filter(None, [command]), "--help")
    assert (run.returncode, run.stderr) == (0, "")
    expected = {
        "": ["solve", "check", "template", "Exit codes", "3 input errors", "4 infeasible"],
        "solve": [
            "--approved",
            "--out",
            "--gap",
            "--time-limit",
            "--threads",
            "--seed",
            "--model",
            "--json",
        ],
        "check": ["--mark", "--approved", "--model"],
        "template": ["--from", "--example", "--force", "--model"],
        "document": ["--model"],
    }
    for word in expected[command]:
        assert word in run.stdout
