"""Bounds on decisions restated from the tables of decisions."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from optalloc.data.dataset import Dataset

from .._calendar import calendar
from .._options import BOUGHT, EXERCISED, KEPT
from .sheets import ABANDONED, ENDED, LEASED, ONLINE, SIGNED, STARTED


def audit(data: Dataset, tables: Mapping[str, pd.DataFrame]) -> dict[str, pd.DataFrame]:
    """Each row restated from the tables of decisions."""
    position = calendar(data)["position"]
    signed = {
        SIGNED: ("contract", tables["Procurement"], "signed_mw"),
        LEASED: ("lease", tables["Leasing"], "signed_mw"),
        ENDED: ("contract", tables["Terminations"], "ended_mw"),
        BOUGHT: ("option", tables["OptionsHeld"], "bought"),
        KEPT: ("option", tables["OptionsHeld"], "kept"),
    }
    held, given_up = tables["OptionsHeld"], tables["Abandoned"]
    build = tables["Build"]
    rows = []
    for at in data["Decisions"].to_dict("records"):
        if at["what"] in signed:
            name, table, column = signed[at["what"]]
            own = table[(table[name] == at[name]) & (table["period"] == at["period"])]
            value = own[column].sum()
        elif at["what"] == ABANDONED:
            own = given_up.loc[given_up["site"] == at["site"], "period"].map(position)
            value = float((own <= position[at["period"]]).any())
        elif at["what"] == EXERCISED:
            own = held[held["option"] == at["option"]]
            until = own["period"].map(position) <= position[at["period"]]
            value = own.loc[until, "exercised"].sum()
        else:
            own = build[build["site"] == at["site"]]
            now = own[own["period"] == at["period"]]
            if at["what"] == STARTED:
                until = own["period"].map(position) <= position[at["period"]]
                value = own.loc[until, "started_mw"].sum()
            elif at["what"] == ONLINE:
                value = now["online_mw"].sum()
            else:
                value = float(now["committed"].any())
        rows.append((at["decision"], at["period"], at["what"], float(value), at))
    named = ["decision", "period", "what", "used", "allowed"]
    return {
        "decision_at_least": pd.DataFrame(
            [(*key, at["at_least"], v) for *key, v, at in rows if not pd.isna(at["at_least"])],
            columns=named,
        ).astype({"used": float, "allowed": float}),
        "decision_at_most": pd.DataFrame(
            [(*key, v, at["at_most"]) for *key, v, at in rows if not pd.isna(at["at_most"])],
            columns=named,
        ).astype({"used": float, "allowed": float}),
    }
