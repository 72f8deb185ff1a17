"""Load what a model folder offers for a first workbook and for benchmarks, without its families."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType

from optalloc.errors import ModelError
from optalloc.modelling.folders import default_model_path
from optalloc.starting.generator import Generator
from optalloc.starting.starter import Starter

__all__ = ["load_generator", "load_starter"]


def load_starter(model: str | Path | None = None) -> Starter:
    """Return the record ``START`` of the package ``_start`` in a model folder.

    Raises
    ------
    ModelError
        If the folder has no such package, or it cannot be imported.
    """
    module, file = _loaded(model, "_start", "no catalogue to start from")
    start = getattr(module, "START", None)
    if not isinstance(start, Starter):
        raise ModelError(f"{file}: must end with START = Starter(...)")
    return start


def load_generator(model: str | Path | None = None) -> Generator:
    """Return the record ``INSTANCES`` of the package ``_instances`` in a model folder.

    Raises
    ------
    ModelError
        If the folder has no such package, or it cannot be imported.
    """
    module, file = _loaded(model, "_instances", "no instances to generate")
    instances = getattr(module, "INSTANCES", None)
    if not isinstance(instances, Generator):
        raise ModelError(f"{file}: must end with INSTANCES = Generator(...)")
    return instances


def _loaded(model: str | Path | None, package: str, lacking: str) -> tuple[ModuleType, Path]:
    """A package of a model folder, and the file that it begins with."""
    folder = Path(model).resolve() if model is not None else default_model_path()
    file = folder / package / "__init__.py"
    if not file.is_file():
        raise ModelError(f"{folder}: this model has {lacking} ({package} missing)")
    place = hashlib.sha256(str(folder).encode()).hexdigest()[:16]
    name = f"_optalloc{package}_{place}"
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
    return sys.modules[name], file
