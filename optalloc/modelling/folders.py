"""Files of model folders: where the one that comes with optalloc lies, and how they are imported.

Nothing here loads a library.
"""

from __future__ import annotations

import importlib
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from optalloc.errors import ModelError

__all__ = ["Formulation", "default_model_path", "formulation", "imported"]


def default_model_path() -> Path:
    """Folder of the capacity model that comes with optalloc, installed or in a checkout."""
    here = Path(__file__).resolve().parents[1]
    installed = here / "models" / "capacity"
    return installed if installed.is_dir() else here.parent / "models" / "capacity"


def imported(package: str, source: Path) -> ModuleType:
    """Import a file of a model folder.

    Parameters
    ----------
    package : str
        The name under which the folder was loaded.
    source : Path
        The file, relative to the folder.

    Raises
    ------
    ModelError
        If it cannot be imported; it names the file in which the error is.
    """
    try:
        return importlib.import_module(".".join((package, *source.with_suffix("").parts)))
    except MemoryError:
        raise
    except Exception as error:
        folder = Path(sys.modules[package].__path__[0])
        named = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
        named += [error.filename or ""] if isinstance(error, SyntaxError) else []
        own = [name for name in named if Path(name).is_relative_to(folder)]
        file = own[-1] if own else folder / source
        raise ModelError(f"{file}: cannot be imported: {error}") from error


@dataclass(frozen=True)
class Formulation:
    """Functions of a family's ``formulation.py``, which is imported at the first call of one.

    What is done without a program, such as a check of a workbook, then loads no Pyomo.

    Parameters
    ----------
    package : str
        Of the family's folder.
    """

    package: str

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def called(*given: Any) -> Any:
            model, _, family = self.package.partition(".")
            rules = imported(model, Path(*family.split("."), "formulation.py"))
            return getattr(rules, name)(*given)

        called.__name__ = name
        return called


def formulation(package: str | None) -> Formulation:
    """Give the functions of the ``formulation.py`` beside a family's record."""
    assert package is not None
    return Formulation(package)
