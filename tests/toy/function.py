"""Ishigami: least cost is a known function of three cells, and a mishap happens on demand.

In words
    The cost is at least the Ishigami function of x1, x2 and x3, which are cells of the workbook.
Data
    Inputs.
Decides
    ``y``: the cost.
Limits
    ``y >= sin(x1) + 7 sin(x2)^2 + 0.1 x3^4 sin(x1)``.
Reads and posts
    Nothing.
Source
    Ishigami and Homma (1990), doi:10.1109/ISUMA.1990.151285.
"""

from __future__ import annotations

import math
import os
import signal
import time

import numpy as np
import pandas as pd
import pyomo.environ as pyo

from optalloc.data.schema import Column, Kind, Sheet
from optalloc.modelling.family import Family
from optalloc.modelling.limits import Limit
from optalloc.modelling.outputs import TableSpec

MISHAPS = ("none", "kill", "abort", "hang", "memory", "error", "slow", "misread")
misread = []


def _angle(name):
    return Column(
        name=name, kind=Kind.NUMBER, unit="rad", at_least=-4, at_most=4, example=1, meaning="Angle."
    )


INPUTS = Sheet(
    name="Inputs",
    meaning="Arguments of the function.",
    vertical=True,
    required=True,
    columns=(
        *map(_angle, ("x1", "x2", "x3")),
        Column(
            name="mishap",
            kind=Kind.CHOICE,
            choices=MISHAPS,
            blank="none",
            meaning="What happens while the case is built.",
        ),
    ),
)


def ishigami(x1, x2, x3):
    return math.sin(x1) + 7 * math.sin(x2) ** 2 + 0.1 * x3**4 * math.sin(x1)


def value(data):
    own = data.one("Inputs")
    return ishigami(own.x1, own.x2, own.x3)


def parameters(data):
    mishap = data.one("Inputs").mishap
    if mishap in ("kill", "abort"):
        os.kill(os.getpid(), signal.SIGKILL if mishap == "kill" else signal.SIGABRT)
    if mishap in ("hang", "slow"):
        time.sleep(600 if mishap == "hang" else 0.3)
    if mishap == "memory":
        return [np.empty(2**26) for _ in range(400)]
    if mishap == "error":
        raise RuntimeError("a mishap")
    return value(data)


def declare(m, p, ledgers):
    m.value = pyo.Param(initialize=p, mutable=True)
    m.y = pyo.Var(bounds=(-100, 100))
    m.total = pyo.Objective(rule=lambda m: m.y)


def constrain(m, p):
    m.y_at_least = pyo.Constraint(rule=lambda m: m.y >= m.value)


def tables(data, values):
    found = values.variable("y", []).rename(columns={"value": "y"})
    if data.one("Inputs").mishap == "misread" and not misread:
        misread.append(True)
        found["y"] += 1
    return {"Value": found.assign(function="Ishigami")}


def audit(data, tables):
    frame = pd.DataFrame({"used": [value(data)], "allowed": tables["Value"]["y"].to_numpy(float)})
    return {"y_at_least": frame}


def recompute(data, tables):
    return {"Value": tables["Value"]}


FAMILY = Family(
    name="function",
    title="Function",
    order=1,
    sheets=(INPUTS,),
    limits=(
        Limit(
            name="y_at_least",
            unit="1",
            sense="<=",
            sentence="the cost is what the function says",
            marginal="one",
            formula="y >= f(x1, x2, x3)",
        ),
    ),
    outputs=(
        TableSpec(
            name="Value",
            meaning="The cost.",
            key=("function",),
            objective="y",
            columns=(
                Column(name="function", kind=Kind.TEXT, meaning="Its name."),
                Column(name="y", kind=Kind.NUMBER, unit="1", meaning="The cost."),
            ),
        ),
    ),
    parameters=parameters,
    declare=declare,
    constrain=constrain,
    tables=tables,
    audit=audit,
    recompute=recompute,
)
