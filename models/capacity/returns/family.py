"""The record of returns."""

from __future__ import annotations

from optalloc.modelling.family import Family
from optalloc.modelling.folders import formulation

from .audit import recompute
from .tables import CHARTS, RETURNS, tables

RULES = formulation(__package__)

FAMILY = Family(
    name="returns",
    title="Returns",
    order=31,
    sheets=(),
    outputs=(RETURNS,),
    charts=CHARTS,
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    recompute=recompute,
)
