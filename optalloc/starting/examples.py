"""The example cases that come with optalloc, and copies of them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from optalloc.errors import OptallocError
from optalloc.system import replacing_together

if TYPE_CHECKING:
    from optalloc.modelling.model import Model

__all__ = ["EXAMPLES", "copy_example", "write_example"]

# Each with what it is an example of.
EXAMPLES = {
    "first": "two sites and six sheets, the case of the README",
    "minimal": "grid, blocks and two regions, solved by hand",
    "pacific": "29 sites in nine countries, all sheets but Options and those of uncertainty",
}


def copy_example(name: str, folder: str | Path) -> list[Path]:
    """Copy an example into a folder that is empty or not there, and return its files.

    Raises
    ------
    OptallocError
        If there is no such example, or the folder is in use.
    """
    target = Path(folder)
    if name not in EXAMPLES:
        raise OptallocError(f"{name}: must be one of {', '.join(EXAMPLES)}")
    if target.exists() and not target.is_dir():
        raise OptallocError(f"{target}: must be a folder; it is a file")
    if target.is_dir() and any(target.iterdir()):
        raise OptallocError(f"{target}: must be empty or not there yet; name another folder")
    with replacing_together(target) as (draft, _):
        for file in sorted(_examples().joinpath(name).iterdir()):
            shutil.copyfile(file, draft / file.name)
    return sorted(target.iterdir())


def write_example(name: str, path: str | Path, model: Model) -> None:
    """Write an example as one .xlsx workbook, which appears whole or not at all.

    Parameters
    ----------
    name : str
    path : str or Path
        The file.
    model : Model
        The capacity model, whose examples they are.

    Raises
    ------
    OptallocError
        If there is no such example, or the file cannot be written.
    InputError
        If the model is another one, which knows other sheets.
    """
    # Loaded only here, as the list of examples is shown without any library.
    from optalloc.data.validate import validate  # noqa: PLC0415
    from optalloc.report.template import write_template  # noqa: PLC0415
    from optalloc.spreadsheet.read import read_workbook  # noqa: PLC0415

    if name not in EXAMPLES:
        raise OptallocError(f"{name}: must be one of {', '.join(EXAMPLES)}")
    data = validate(read_workbook(_examples() / name), model)
    write_template(model, path, data.records())


def _examples() -> Path:
    """Folder of the examples, installed or in a checkout."""
    package = Path(__file__).resolve().parents[1]
    installed = package / "examples"
    return installed if installed.is_dir() else package.parent / "inputs"
