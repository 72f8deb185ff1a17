"""Instances of others, with their published optima: a table, and what fetches the files."""

from __future__ import annotations

import shutil
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pandas as pd

from optalloc.system import replacing

__all__ = ["PUBLISHED", "fetch", "published"]

# With the columns that `optalloc bench --known` reads.
PUBLISHED = Path(__file__).with_name("published.csv")
_TIMEOUT_S = 60.0


def published(path: Path = PUBLISHED) -> pd.DataFrame:
    """Instance, optimum as objective and bound, rows, columns, and address of the packed file."""
    return pd.read_csv(path)


def fetch(table: pd.DataFrame, folder: Path) -> Iterator[Path]:
    """Fetch the files that are not there yet, each whole or not at all.

    Raises
    ------
    OSError
        If an address does not answer.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for address in table["address"]:
        target = folder / str(address).rpartition("/")[2]
        if not target.exists():
            with (
                urllib.request.urlopen(str(address), timeout=_TIMEOUT_S) as answer,
                replacing(target) as unfinished,
                unfinished.open("wb") as file,
            ):
                shutil.copyfileobj(answer, file)
        yield target
