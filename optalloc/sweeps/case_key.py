"""The key of a case: a hash of all inputs of its result."""

from __future__ import annotations

import hashlib
import json

from optalloc.data.dataset import Dataset
from optalloc.data.digest import frame_digest
from optalloc.modelling.base import Base
from optalloc.scenarios.sheet import SWEEPS
from optalloc.scenarios.uncertainty_sheets import UNCERTAINTY_SHEETS

__all__ = ["Digests"]


class Digests:
    """Keys of cases of one base; sheets that no case changes are hashed once."""

    def __init__(self, base: Base) -> None:
        content = {
            "model": base.model_digest,
            "options": {k: v for k, v in sorted(base.options.items()) if v is not None},
            "versions": dict(sorted(base.versions.items())),
        }
        self._about = json.dumps(content).encode()
        self._known = {name: (frame, frame_digest(frame)) for name, frame in base.frames.items()}

    def key(self, data: Dataset) -> str:
        """Hash of a dataset's content, the model, the options and the versions.

        The Sweeps sheet is left out: the key of a case stays the same when others are added. So
        are the sheets on uncertainty, as cases are solved for the workbook as it stands.
        """
        digest = hashlib.sha256(self._about)
        for name, frame in sorted(data.frames.items()):
            if name != SWEEPS.name and name not in UNCERTAINTY_SHEETS:
                known = self._known.get(name)
                own = known[1] if known and known[0] is frame else frame_digest(frame)
                digest.update(name.encode() + b"\0" + own)
        return digest.hexdigest()
