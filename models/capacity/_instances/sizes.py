"""How large instances are."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["SIZES", "Size"]


@dataclass(frozen=True)
class Size:
    """Counts of an instance, and the length of each of its periods in months.

    ``packed`` says whether its sheets are written as ``.csv.gz``.
    """

    name: str
    sites: int
    regions: int
    continents: int
    jurisdictions: int
    months: tuple[int, ...]
    packed: bool = False

    @property
    def markets(self) -> int:
        """Markets, each of them a grid zone of about four sites."""
        return max(self.jurisdictions, self.sites // 4)


SIZES = {
    size.name: size
    for size in (
        Size("XS", 6, 4, 1, 2, (12,) * 5),
        Size("S", 30, 12, 3, 6, (6,) * 4 + (12,) * 6),
        Size("M", 100, 30, 4, 8, (3,) * 8 + (6,) * 12),
        Size("L", 300, 40, 5, 15, (3,) * 40, packed=True),
        Size("XL", 1000, 100, 6, 24, (3,) * 40, packed=True),
    )
}
