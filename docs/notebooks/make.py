"""Write the notebooks of this folder, each executed: ``python docs/notebooks/make.py [FOLDER]``.

Each is a script whose cells begin with ``# %%``. They run in an empty folder beside a link to
``inputs``, and nothing that they write is kept but their outputs.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient
from nbformat import v4

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SECONDS = 600

NAMES = ("first_plan", "sensitivity", "policy", "board_paper")
_CELL = re.compile(r"^# %%( \[markdown\])?\n", re.MULTILINE)


def cells(name: str) -> list[tuple[str, str]]:
    """Kind and text of each cell of a notebook, from its script."""
    first, *parts = _CELL.split((HERE / f"{name}.py").read_text("utf-8"))
    assert not first, f"{name}.py begins with a cell"
    return [
        ("markdown", re.sub(r"^# ?", "", text.strip(), flags=re.MULTILINE))
        if mark
        else ("code", text.strip())
        for mark, text in zip(parts[::2], parts[1::2], strict=True)
    ]


def notebook(name: str) -> Any:
    """The notebook of a name, not executed."""
    made = v4.new_notebook()
    made.metadata["kernelspec"] = {
        "display_name": "Python 3", "language": "python", "name": "python3"
    }  # fmt: skip
    for number, (kind, text) in enumerate(cells(name)):
        new = v4.new_markdown_cell if kind == "markdown" else v4.new_code_cell
        # Names of cells that do not change from one time to the next.
        made.cells.append(new(text, id=f"{name.replace('_', '-')}-{number}"))
    return made


def executed(name: str) -> Any:
    """The notebook of a name with its outputs, without the times of its cells."""
    made = notebook(name)
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "inputs").symlink_to(ROOT / "inputs")
        where = {"metadata": {"path": folder}}
        client = NotebookClient(made, timeout=SECONDS, kernel_name="python3", resources=where)
        client.execute()
    for cell in made.cells:
        cell.metadata.pop("execution", None)
        if cell.cell_type == "code":
            # A bar that was taken away leaves an empty output.
            cell.outputs = [one for one in cell.outputs if not _is_empty(one)]
    made.metadata.pop("language_info", None)
    return made


def _is_empty(output: Any) -> bool:
    return output.get("data", {}).get("text/html") == ""


def main() -> None:
    """Write every notebook into the folder that is named, or this one."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
    # The kernel imports the package that stands here.
    os.environ["PYTHONPATH"] = os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")])
    for name in NAMES:
        nbformat.write(executed(name), target / f"{name}.ipynb")
        print(f"wrote {target / name}.ipynb")


if __name__ == "__main__":
    main()
