"""The record of the overview."""

from __future__ import annotations

from optalloc.modelling.family import Family
from optalloc.modelling.folders import formulation

from .._geography import CODES, place_notices
from .audit import recompute
from .sheets import REGIONS
from .tables import REGION_LIST, REPORT, SITE_LIST, WORKS, tables

RULES = formulation(__package__)

FAMILY = Family(
    name="overview",
    title="Overview",
    order=95,
    sheets=(REGIONS,),
    outputs=(SITE_LIST, WORKS, REGION_LIST),
    report=REPORT,
    codes=CODES,
    notices=place_notices,
    parameters=RULES.parameters,
    declare=RULES.declare,
    constrain=RULES.constrain,
    tables=tables,
    recompute=recompute,
)
