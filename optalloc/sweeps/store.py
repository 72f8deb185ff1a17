"""Finished cases in a folder, each in a file written atomically, by the key of its inputs."""

from __future__ import annotations

import io
import json
import math
import zipfile
from dataclasses import asdict
from pathlib import Path

import numpy as np

from optalloc.errors import OptallocError
from optalloc.sweeps.messages import Finished, Status
from optalloc.system import replacing

__all__ = ["Store"]

_RECORD, _TABLES, _INTEGERS = "case.json", "tables.zip", "integers.npy"


class Store:
    """Folder of finished cases.

    Parameters
    ----------
    folder : Path
        Made if it is not there; the cases are in its folder ``cases``.
    resume : bool
        Whether cases that are there already may be used.
    force : bool
        Whether they may be thrown away.

    Raises
    ------
    OptallocError
        If there are cases and neither is set, or the folder cannot be written to.
    """

    def __init__(self, folder: Path, *, resume: bool = False, force: bool = False) -> None:
        self.folder, self._cases = folder, folder / "cases"
        there = sorted(self._cases.glob("*.zip")) if self._cases.is_dir() else []
        if there and not (resume or force):
            raise OptallocError(
                f"{folder}: holds {len(there)} finished cases. Say --resume to solve only what "
                "is missing, --force to begin again, or name another folder."
            )
        try:
            self._cases.mkdir(parents=True, exist_ok=True)
            for path in there if force and not resume else ():
                path.unlink()
        except OSError as error:
            raise OptallocError(f"{folder}: cannot be written: {error.strerror}.") from error

    def get(self, key: str) -> Finished | None:
        """Result of a case; None if there is none, or a file that cannot be read.

        Files are written atomically, so that one which cannot be read was damaged since: the case
        is solved again.
        """
        path = self._cases / f"{key}.zip"
        if not key or not path.is_file():
            return None
        try:
            return _read(path.read_bytes())
        except (OSError, ValueError, KeyError, zipfile.BadZipFile):
            return None

    def put(self, finished: Finished) -> None:
        """Keep a case.

        Raises
        ------
        OptallocError
            If it cannot be written, as on a full disk.
        """
        try:
            with replacing(self._cases / f"{finished.key}.zip") as draft:
                draft.write_bytes(_written(finished))
        except OptallocError as error:
            raise OptallocError(
                f"{error} The cases finished before are kept: make room, and run the same "
                "command with --resume."
            ) from error


def _written(finished: Finished) -> bytes:
    stream = io.BytesIO()
    record = {k: v for k, v in asdict(finished).items() if k not in ("tables", "integers")}
    for name in ("objective", "bound"):
        if math.isnan(record[name]):
            record[name] = None
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr(_RECORD, json.dumps(record))
        if finished.tables:
            archive.writestr(_TABLES, finished.tables)
        if finished.integers is not None:
            array = io.BytesIO()
            np.save(array, finished.integers, allow_pickle=False)
            archive.writestr(_INTEGERS, array.getvalue())
    return stream.getvalue()


def _read(content: bytes) -> Finished:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        record = json.loads(archive.read(_RECORD))
        names = archive.namelist()
        tables = archive.read(_TABLES) if _TABLES in names else b""
        integers = None
        if _INTEGERS in names:
            integers = np.load(io.BytesIO(archive.read(_INTEGERS)), allow_pickle=False)
    for name in ("objective", "bound"):
        record[name] = math.nan if record[name] is None else record[name]
    record["status"] = Status(record["status"])
    return Finished(**record, tables=tables, integers=integers)
