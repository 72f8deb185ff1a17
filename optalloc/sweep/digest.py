"""The key of a case: a hash of all that its result depends on."""

from __future__ import annotations

import hashlib
import json

import pandas as pd

from optalloc import highs
from optalloc.dataset import Dataset
from optalloc.sweep.sheet import SWEEPS
from optalloc.sweep.task import Base

__all__ = ["Digests", "current_versions"]


def current_versions() -> dict[str, str]:
    """Versions of what makes the numbers: results of others are never mixed in."""
    import optalloc  # noqa: PLC0415  (the package itself, which imports its parts on demand)

    return {"optalloc": optalloc.__version__, "highs": highs.version()}


class Digests:
    """Keys of cases of one base; sheets that no case changes are hashed once."""

    def __init__(self, base: Base) -> None:
        told = {
            "model": base.model_digest,
            "options": {k: v for k, v in sorted(base.options.items()) if v is not None},
            "versions": dict(sorted(base.versions.items())),
        }
        self._about = json.dumps(told).encode()
        self._known = {name: (frame, _digest(frame)) for name, frame in base.frames.items()}

    def key(self, data: Dataset) -> str:
        """Hash of a dataset's content, the model, the options and the versions.

        What the Sweeps sheet says is left out: a case stays what it is when others are added.
        """
        whole = hashlib.sha256(self._about)
        for name, frame in sorted(data.frames.items()):
            if name != SWEEPS.name:
                known = self._known.get(name)
                own = known[1] if known and known[0] is frame else _digest(frame)
                whole.update(name.encode() + b"\0" + own)
        return whole.hexdigest()


def _digest(frame: pd.DataFrame) -> bytes:
    """Hash of a frame's cells, column by column, whatever its row labels."""
    found = hashlib.sha256(str(len(frame)).encode())
    for name in frame.columns:
        column = frame[name]
        found.update(f"\0{name}\0".encode())
        if column.dtype.kind in "fiubM":
            found.update(column.to_numpy().tobytes())
        else:
            # What follows a blank must not be taken for its text.
            cells = ((b"-" if pd.isna(c) else f"+{c}".encode()) for c in column.tolist())
            found.update(b"\0".join(cells))
    return found.digest()
