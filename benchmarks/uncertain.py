"""Uncertainties for a generated planning instance, which stays feasible in every scenario."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

__all__ = ["write_uncertainties"]

# Demand of the least outcome over that of the instance, which is the greatest.
_LEAST = 0.7
# Spot price of the dear outcome over that of the instance.
_DEAR = 1.3


def write_uncertainties(folder: Path, scenarios: int) -> None:
    """Add the sheets Uncertainties and Outcomes to the folder of a generated instance.

    From a third of the periods on, demand is one of evenly spaced shares, 0.7 to 1, of what it is,
    all equally likely; it becomes known on their first day. If the number of scenarios is even and
    above 2, spot prices of the same periods are as given or 1.3 times that, independently.

    Parameters
    ----------
    folder : Path
    scenarios : int
        2 or more.
    """
    periods = pd.read_csv(next(folder.glob("Periods.csv*")))
    names, first = periods["period"].tolist(), len(periods) // 3
    known, later = periods["start"][first], names[first:]
    prices = 2 if scenarios % 2 == 0 and scenarios > 2 else 1
    shares = np.linspace(_LEAST, 1.0, scenarios // prices)
    uncertainties = [
        ("demand", f"{share:.3f}", 1 / len(shares), known if k == 0 else None)
        for k, share in enumerate(shares)
    ]
    changes = [
        ("demand", f"{share:.3f}", "Demand", f"period={name}", "it_mw", "multiply", share)
        for share in shares[:-1]
        for name in later
    ]
    if prices > 1:
        uncertainties += [("spot", "as given", 0.5, known), ("spot", "dear", 0.5, None)]
        changes += [
            (
                "spot",
                "dear",
                "PowerPrices",
                f"period={name}",
                "spot_price_per_mwh",
                "multiply",
                _DEAR,
            )
            for name in later
        ]
    columns = ["uncertainty", "outcome", "probability", "revealed"]
    pd.DataFrame(uncertainties, columns=columns).to_csv(folder / "Uncertainties.csv", index=False)
    columns = ["uncertainty", "outcome", "sheet", "rows", "column", "operation", "value"]
    pd.DataFrame(changes, columns=columns).to_csv(folder / "Outcomes.csv", index=False)
