"""Parameters of the solution methods from a TOML file; those not named keep their defaults.

.. code-block:: toml

    [rens]
    coarse_gap = 0.02

    [large_neighbourhood]
    stalled_submips = 20
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from optalloc.errors import OptallocError
from optalloc.mip.parameters import Parameters

__all__ = ["changed_parameters", "read_parameters"]


def read_parameters(path: str | Path) -> Parameters:
    """Read the parameters of a TOML file.

    Raises
    ------
    OptallocError
        If it cannot be read, or names a table or parameter that there is not, or a value of another
        type or out of range; the message names what is allowed.
    """
    path = Path(path)
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise OptallocError(f"{path}: {error.strerror or error}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise OptallocError(f"{path}: not a TOML file: {error}") from error
    default = Parameters()
    tables = {one.name: getattr(default, one.name) for one in fields(default)}
    for name, values in content.items():
        if name not in tables:
            raise _unknown(path, "table", name, tables)
        if not isinstance(values, Mapping):
            raise OptallocError(f"{path}: {name} must be a table of parameters, [{name}]")
        tables[name] = _changed(path, name, tables[name], values)
    return Parameters(**tables)


def _changed(path: Path, table: str, default: Any, values: Mapping[str, Any]) -> Any:
    """The parameters of one method with the values of its table."""
    known = {one.name: getattr(default, one.name) for one in fields(default)}
    for name, value in values.items():
        if name not in known:
            raise _unknown(path, f"parameter of [{table}]", name, known)
        _refuse(path, f"{table}.{name}", known[name], value)
    return replace(default, **{name: type(known[name])(value) for name, value in values.items()})


def _refuse(path: Path, name: str, default: Any, value: Any) -> None:
    """Raise if a value is not of its parameter's type, or out of its range."""
    integer = isinstance(default, int)
    right = isinstance(value, int if integer else int | float) and not isinstance(value, bool)
    most = 1.0 if name.endswith(("_share", "_gap")) else math.inf
    if right and 0 <= value <= most and math.isfinite(value):
        return
    kind = "an integer" if integer else "a number"
    range_ = f"from 0 to {most:g}" if math.isfinite(most) else "of at least 0"
    raise OptallocError(
        f"{path}: {name} must be {kind} {range_}, such as {default!r}; found {value!r}"
    )


def _unknown(path: Path, what: str, name: str, known: Mapping[str, Any]) -> OptallocError:
    return OptallocError(f"{path}: no {what} is named {name!r}; there are {', '.join(known)}")


def changed_parameters(parameters: Parameters) -> Iterator[tuple[str, Any]]:
    """Name, such as ``rens.coarse_gap``, and value of each parameter that is not at its default."""
    default = Parameters()
    for table in fields(default):
        usual, now = getattr(default, table.name), getattr(parameters, table.name)
        for one in fields(usual):
            value = getattr(now, one.name)
            if value != getattr(usual, one.name):
                yield f"{table.name}.{one.name}", value
