"""The record of returns."""

from __future__ import annotations

from optalloc.modelling.family import Family

from .audit import recompute
from .formulation import constrain, declare, parameters
from .tables import CHARTS, RETURNS, tables

FAMILY = Family(
    name="returns",
    title="Returns",
    order=31,
    sheets=(),
    outputs=(RETURNS,),
    charts=CHARTS,
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    tables=tables,
    recompute=recompute,
)
