"""Tables on pages, each between two marks that name it."""

from __future__ import annotations

from pathlib import Path

__all__ = ["with_table", "write_table"]


def with_table(page: str, name: str, table: str) -> str:
    """Give a page with the table of a name replaced.

    Raises
    ------
    ValueError
        If the page has no marks of that name.
    """
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    if not rest or end not in page:
        raise ValueError(f"the page has no {begin} and {end}")
    return f"{before}{begin}\n{table}\n{end}{after}"


def write_table(path: Path, name: str, table: str) -> None:
    """Replace the table of a name in a page."""
    page = with_table(path.read_text("utf-8"), name, table)
    path.write_text(page, encoding="utf-8")
