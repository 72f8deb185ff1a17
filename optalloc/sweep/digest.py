"""The key of a case: a hash of all that its result depends on."""

from __future__ import annotations

import hashlib
import json

from optalloc import highs
from optalloc.dataset import Dataset
from optalloc.digest import frame_digest
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
        self._known = {name: (frame, frame_digest(frame)) for name, frame in base.frames.items()}

    def key(self, data: Dataset) -> str:
        """Hash of a dataset's content, the model, the options and the versions.

        What the Sweeps sheet says is left out: a case stays what it is when others are added.
        """
        whole = hashlib.sha256(self._about)
        for name, frame in sorted(data.frames.items()):
            if name != SWEEPS.name:
                known = self._known.get(name)
                own = known[1] if known and known[0] is frame else frame_digest(frame)
                whole.update(name.encode() + b"\0" + own)
        return whole.hexdigest()
