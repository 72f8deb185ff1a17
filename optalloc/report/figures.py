"""Key figures of a plan in sentences, or shown large, each with its exact value beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from optalloc.report.sheets import plain_number

if TYPE_CHECKING:
    from markupsafe import Markup

__all__ = ["BOUNDS", "Figures"]

_NAMED = re.compile(r"\{([^}]+)\}")
# Figures that bound a plan and a policy, and what is said of them.
BOUNDS = {
    "bound: no plan costs less": ("no plan costs less", "No plan whatsoever costs less"),
    "bound: no policy does better": (
        "no policy has a lower measure",
        "No policy whatsoever has a lower measure",
    ),
}
_PROOF = {
    "optimal": "It is proven to be the best there is: {none}.",
    "within gap": "{None} than {bound}, so that this one is proven to lie within {gap} of the "
    "best.",
    "feasible": "The search was stopped before the gap asked for was reached. {None} than {bound}, "
    "so that this one lies within {gap} of the best.",
}


class Figures:
    """Figures of the Summary by name, and templates filled with them.

    A template has figures in braces, and parts between bars that are left out where one of theirs
    is not there: ``"It costs {total cost}|, {penalties} of it in penalties|."``.
    """

    def __init__(self, summary: pd.DataFrame) -> None:
        self.rows = {
            str(row["figure"]): (row["value"], "" if pd.isna(row["unit"]) else str(row["unit"]))
            for row in summary.to_dict("records")
        }

    def text(self, name: str) -> str:
        """Give the value as text; empty where there is no such figure."""
        return str(self.rows[name][0]) if name in self.rows else ""

    def known(self, templates: Sequence[str]) -> Iterator[str]:
        """Templates whose figures are there, without the parts whose figures are not."""
        for template in templates:
            first, *others = template.split("|")
            if self._has(first):
                yield "".join([first, *filter(self._has, others)])

    def sentences(self, templates: Sequence[str]) -> Iterator[Markup]:
        """Sentences of the `known` templates, each figure marked with its exact value."""
        return map(self._marked, self.known(templates))

    def proof_template(self) -> str:
        """Template of the sentence on the proven quality of the plan."""
        template = _PROOF.get(self.text("quality"), "{bound}")
        bound = next(name for name in BOUNDS if name in self.rows)
        small, large = BOUNDS[bound]
        named = {"bound": f"{{{bound}}}", "gap": "{gap}", "none": small, "None": large}
        return re.sub(r"\{(\w+)\}", lambda m: named[m[1]], template)

    def proof(self) -> Markup:
        """Give the sentence on the proven quality of the plan, figures marked."""
        return self._marked(self.proof_template())

    def plain(self, template: str) -> str:
        """A sentence with figures as they stand in the Summary; empty where one is not there."""
        if not self._has(template):
            return ""
        return _NAMED.sub(lambda m: self.text(m[1]), template)

    def written(self, template: str) -> str:
        """A `known` template as plain text, figures as people write them."""
        return "".join(text for text, _ in self._parts(template))

    def shown(self, name: str) -> tuple[str, str]:
        """Value and unit of a figure, as people write them."""
        value, unit = self.rows[name]
        return _shown(value, self._unit(unit))

    def card(self, name: str) -> dict[str, object]:
        """Label, value and unit of a large figure."""
        shown, unit = self.shown(name)
        return {
            "label": name,
            "value": _exact(self.rows[name][0]),
            "shown": shown,
            "unit": unit,
        }

    def _has(self, template: str) -> bool:
        """True if all figures of a template are there."""
        return all(name in self.rows for name in _NAMED.findall(template))

    def _parts(self, template: str) -> Iterator[tuple[str, str]]:
        """Pieces of a filled template, each with the figure that it is, if any."""
        parts = _NAMED.split(template)
        for place, part in enumerate(parts):
            if place % 2 == 0:
                yield part, ""
                continue
            value, _ = self.rows[part]
            shown, unit = self.shown(part)
            unit = unit.partition(",")[0]
            # A unit that the sentence itself has is not repeated.
            if unit.startswith("of ") or parts[place + 1].startswith(f" {unit}"):
                unit = ""
            written = f"{shown} {unit}".strip()
            if not isinstance(value, str):
                written = written.replace(" ", "\N{NO-BREAK SPACE}")
            yield written, part

    def _marked(self, template: str) -> Markup:
        from markupsafe import Markup, escape  # noqa: PLC0415  (for the page alone)

        span = Markup('<span data-figure="{}" data-value="{}">{}</span>')
        return Markup("").join(
            span.format(figure, _exact(self.rows[figure][0]), text) if figure else escape(text)
            for text, figure in self._parts(template)
        )

    def _unit(self, unit: str) -> str:
        """Unit of a figure; after ``as``, that of the figure it names."""
        named = unit.removeprefix("as ")
        return self.rows[named][1] if named != unit and named in self.rows else unit


def _exact(value: object) -> str:
    """The value with all its digits; an integral float without a point."""
    integral = isinstance(value, float) and value.is_integer()
    return f"{value:.0f}" if integral else str(value)


def _shown(value: object, unit: str) -> tuple[str, str]:
    """Value and unit as they are shown."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value), unit
    if unit.startswith("share"):
        return f"{100 * value:.2f} %", unit.partition(" ")[2]
    return plain_number(float(value)), unit
