"""Made-up runs and traces of a campaign."""

from __future__ import annotations

import json
import math
from typing import Any

import pandas as pd

from optalloc.analysis.bench.store import COLUMNS

INF = math.inf


def row(instance: str, route: str, seconds: float, **more: Any) -> dict[str, Any]:
    """A run with the seconds it took to the gap asked for; proven to 0.5 % by default."""
    return {
        **dict.fromkeys(COLUMNS, math.nan),
        "instance": instance,
        "group": instance.partition("-")[0],
        "route": route,
        "threads": 2,
        "solver_seed": 0,
        "gap_asked": 0.01,
        "time_limit_s": 90.0,
        "seconds_to_5_percent": 0.0,
        "seconds_to_1_percent": seconds,
        "seconds_to_gap": seconds,
        "seconds_solve": seconds if seconds == seconds else 90.0,
        "objective": 100.0,
        "bound": 99.5,
        "gap": 0.005,
        "maximised": False,
        "peak_mb": 300.0,
        "stop_reason": "time" if math.isnan(seconds) else "gap",
        "audit_passed": True,
        "integrality": 0.0,
        "row_violation": 0.0,
        "note": "",
        "memory_limit_mb": 16000.0,
        "load_at_start": 0.2,
        "when": "2027-01-01T00:00:00+00:00",
        "digest": "d",
        "versions": json.dumps({"optalloc": "0.1.0"}),
        "machine": "a machine",
        **more,
    }


def trace(*points: tuple[float, float, float]) -> pd.DataFrame:
    """Moments of a run: seconds, objective, bound."""
    return pd.DataFrame(points, columns=["seconds", "objective", "bound"])


def table(*rows: dict[str, Any]) -> pd.DataFrame:
    """Runs as they are compared."""
    frame = pd.DataFrame(rows)
    return frame.assign(primal_integral=frame["seconds_to_gap"], wrong=False)
