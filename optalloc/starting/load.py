"""Load what a model folder offers for a first workbook, without its families."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path

from optalloc.errors import ModelError
from optalloc.modelling.folders import default_model_path
from optalloc.starting.starter import Starter

__all__ = ["load_starter"]

_PACKAGE = "_start"


def load_starter(model: str | Path | None = None) -> Starter:
    """Return the record ``START`` of the package ``_start`` in a model folder.

    Raises
    ------
    ModelError
        If the folder has no such package, or it cannot be imported.
    """
    folder = Path(model).resolve() if model is not None else default_model_path()
    file = folder / _PACKAGE / "__init__.py"
    if not file.is_file():
        raise ModelError(
            f"{folder}: this model has no catalogue to start from ({_PACKAGE} missing)"
        )
    name = f"_optalloc_start_{hashlib.sha256(str(folder).encode()).hexdigest()[:16]}"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, file)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        try:
            spec.loader.exec_module(module)
        except MemoryError:
            raise
        except Exception as error:
            del sys.modules[name]
            raise ModelError(f"{file}: cannot be imported: {error}") from error
    start = getattr(sys.modules[name], "START", None)
    if not isinstance(start, Starter):
        raise ModelError(f"{file}: must end with START = Starter(...)")
    return start
