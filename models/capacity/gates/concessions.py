"""Changes of gates that let sites be decided on sooner."""

from __future__ import annotations

from collections.abc import Iterator

from optalloc.data.dataset import Dataset
from optalloc.modelling.limits import Concession

from .._calendar import TINY_MONTHS, calendar, months_from_base
from .sheets import COMMIT, ENERGISE, START


def concessions(data: Dataset) -> Iterator[Concession]:
    """Gates that open some periods earlier, each by a change of its cell."""
    cal, rows = calendar(data), data["Gates"]
    opens = months_from_base(data, rows["opens"]).fillna(cal["end"].iloc[-1])
    for moment, (row, at) in zip(opens, rows.to_dict("index").items(), strict=True):
        late = moment - cal["begin"]
        for period in cal.index[late > TINY_MONTHS]:
            yield Concession(
                limit={COMMIT: "committed", START: "started", ENERGISE: "energised"}[at["holds"]]
                + "_after_gate",
                sentence=f"{at['gate']} is open in {period}",
                edits=(("Gates", int(str(row)), "opens", cal["date"][period]),),
                points=float(late[period]) / 12.0,
            )
