"""The workbook and the model folder as workers need them: what can be pickled and loaded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from optalloc.data.dataset import Dataset, SheetPlace
from optalloc.errors import OptallocError
from optalloc.modelling.model import Model, load_model
from optalloc.solving.versions import engine_versions

__all__ = ["Base"]


@dataclass(frozen=True)
class Base:
    """The base workbook and how to solve it, as every worker needs it.

    Parameters
    ----------
    frames, places, digest
        Of the validated dataset.
    model_path, model_digest : str
        The model folder, which each worker loads by path, and the digest that it must have.
    options : mapping
        Solver options given for the sweep; those not given come from the workbook of each case.
    held : mapping of str to mapping of str to pandas.DataFrame
        By name of a held plan: rows that hold its early decisions, by sheet.
    versions : mapping
        Versions of optalloc and HiGHS, which every worker must have.
    """

    frames: Mapping[str, pd.DataFrame]
    places: Mapping[str, SheetPlace]
    digest: str
    model_path: str
    model_digest: str
    options: Mapping[str, Any]
    versions: Mapping[str, str]
    held: Mapping[str, Mapping[str, pd.DataFrame]] = field(default_factory=dict)

    @staticmethod
    def of(
        data: Dataset,
        model: Model,
        options: Mapping[str, Any],
        held: Mapping[str, Mapping[str, pd.DataFrame]] | None = None,
    ) -> Base:
        """The base of a dataset and a model, with the versions of this process."""
        of_data = data.frames, data.places, data.digest
        return Base(*of_data, str(model.path), model.digest, options, engine_versions(), held or {})

    def model(self) -> Model:
        """Load the model folder.

        Raises
        ------
        OptallocError
            If it is not the one that the sweep was begun with.
        """
        model = load_model(self.model_path)
        if model.digest != self.model_digest:
            raise OptallocError(
                f"{self.model_path}: the model folder differs from the one that the sweep was "
                "begun with. Use one model for the whole sweep, and the same on every machine."
            )
        return model

    def dataset(self, model: Model) -> Dataset:
        """The base workbook."""
        return Dataset(self.frames, model.sheets, self.places, self.digest)
