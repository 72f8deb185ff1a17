"""The code blocks of documents, run in order as a reader would: ``python -m tests.sessions PAGES``.

A block whose first line is a comment with a path, such as ``# models/capacity/site_count.py``, is a
file to write. A ``diff`` is made in the file that it names. ``python`` and ``sh`` are run, and
``text`` is what the block before it prints. A block without a language is a picture. A table below
a line such as "On `GridZones` of `late.xlsx`:" is typed into that workbook.
"""

from __future__ import annotations

import contextlib
import io
import re
import shlex
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from tests.paths import ROOT

__all__ = ["LANGUAGES", "Block", "blocks_of", "run"]

CELLS = "cells"
LANGUAGES = ("", "python", "sh", "text", "diff", CELLS)
_BLOCK = re.compile(
    r"^```(?P<language>\S*)\n(?P<text>.*?)^```$"
    r"|^On `(?P<sheet>\w+)` of `(?P<book>[\w./-]+)`:\n\n(?P<table>(?:\|[^\n]*\n)+)",
    re.DOTALL | re.MULTILINE,
)
_FILE = re.compile(r"# ([\w./-]+\.\w+)\n")


@dataclass(frozen=True)
class Block:
    """One block of code: its document and line, its language, and what it holds.

    Of cells that are typed `target` is the workbook and the sheet.
    """

    where: str
    language: str
    text: str
    target: tuple[str, str] = ("", "")

    @property
    def file(self) -> str:
        """Path of the file that it is to be written to; empty if it is to be run."""
        named = _FILE.match(self.text) if self.language not in ("sh", "text", CELLS) else None
        return named[1] if named else ""


def blocks_of(document: Path) -> list[Block]:
    """Blocks of a document in order."""
    text = document.read_text(encoding="utf-8")
    blocks = []
    for found in _BLOCK.finditer(text):
        where = f"{document.name}:{text[: found.start()].count(chr(10)) + 1}"
        if found["table"]:
            blocks.append(Block(where, CELLS, found["table"], (found["book"], found["sheet"])))
        else:
            blocks.append(Block(where, found["language"], found["text"]))
    return blocks


def run(blocks: list[Block]) -> None:
    """Write the files and make the changes of some blocks, and run the others, in the working folder.

    Nothing of the package is imported before its files are changed.
    """
    for block in blocks:
        if block.file:
            path = Path(block.file)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        elif block.language == "diff":
            _change(block)
    printed = ""
    for block in (block for block in blocks if not block.file):
        if block.language == "python":
            with contextlib.redirect_stdout(io.StringIO()) as said:
                exec(compile(block.text, block.where, "exec"), {"__name__": block.where})
            printed = said.getvalue()
        elif block.language == "sh":
            lines = [shlex.split(line, comments=True) for line in block.text.splitlines()]
            printed = "".join(_command(words, block.where) for words in lines if words)
        elif block.language == "text":
            _compare(block, printed)
        elif block.language == CELLS:
            from tests.typed_cells import typed

            typed(Path(block.target[0]), block.target[1], block.text)


def _compare(block: Block, printed: str) -> None:
    """Each line shown begins a line printed, one after the other; ``...`` stands for any lines."""
    found = [" ".join(line.split()) for line in printed.splitlines()]
    shown = [" ".join(line.split()) for line in block.text.splitlines()]
    at, anywhere = 0, True
    for line in shown:
        if line == "...":
            anywhere = True
            continue
        places = range(at, len(found)) if anywhere else range(at, min(at + 1, len(found)))
        place = next((k for k in places if found[k].startswith(line)), None)
        assert place is not None, f"{block.where}: {line!r} is not what is printed:\n{printed}"
        at, anywhere = place + 1, False


def _change(block: Block) -> None:
    """Make the changes of a diff: lines are found by what they say, not by their numbers."""
    head, *hunks = re.split(r"^@@.*\n", block.text, flags=re.MULTILINE)
    named = re.search(r"^\+\+\+ (\S+)", head, re.MULTILINE)
    assert named is not None and hunks, f"{block.where}: a diff names its file"
    path = Path(named[1])
    text = path.read_text(encoding="utf-8")
    for hunk in hunks:
        lines = hunk.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if not line.startswith("+"))
        new = "".join(line[1:] for line in lines if not line.startswith("-"))
        assert text.count(old) == 1, f"{block.where}: {path} has not once:\n{old}"
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def _command(words: list[str], where: str) -> str:
    """Run a command, or parse it where it takes long; gives what it prints."""
    program, *rest = words
    if program == "optalloc":
        return _optalloc(rest, where)
    if program in ("cp", "mkdir"):
        subprocess.run(words, check=True)
    elif program == "make":
        targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
        assert set(rest) <= set(targets), f"{where}: {words}"
    elif words == ["pip", "install", "."]:
        pass
    elif program == "pip":
        extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
        (extra,) = re.findall(r"\[(\S+)\]", rest[-1])
        assert rest[0] == "install" and extra in extras["optional-dependencies"], where
    else:
        known = (".", ".ci/run", "pytest", "ruff", "mypy")
        assert program in known, f"{where}: {words} is neither run nor parsed"
        paths = [word.partition("::")[0] for word in rest if word.startswith("tests/")]
        assert all((Path(path).exists() or (ROOT / path).exists()) for path in paths), where
    return ""


def _optalloc(words: list[str], where: str) -> str:
    from typer.testing import CliRunner

    from optalloc.cli.main import app, loaded

    for word in words:
        assert not word.startswith("inputs/") or Path(word).exists(), f"{where}: {word}"
    name, *rest = words
    slow = any(word in w for w in rest for word in ("pacific", "assumptions"))
    takes_long = name == "serve" or "--cluster" in rest or slow
    if takes_long:
        # Options and arguments are checked as if it ran.
        try:
            loaded(name).make_context(name, rest)
        except Exception as wrong:
            raise AssertionError(f"{where}: {words}: {wrong}") from wrong
        return ""
    # A workbook without a plan is explained, and says so by its exit code.
    solves = name in ("explain", "solve")
    expected = 4 if solves and any("infeasible" in word for word in rest) else 0
    result = CliRunner().invoke(app, words)
    assert result.exit_code == expected, f"{where}: {words}\n{result.output}"
    return result.stdout


if __name__ == "__main__":
    run([block for page in sys.argv[1:] for block in blocks_of(Path(page))])
