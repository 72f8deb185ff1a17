"""Tables on a console: the columns that have values, and the first rows."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import pandas as pd
from rich.console import Console
from rich.table import Table

from optalloc.cli.screen import print_json
from optalloc.modelling.outputs import TableSpec
from optalloc.report.cells import columns_with_values, is_number, written
from optalloc.report.findings import Findings

__all__ = ["print_findings", "print_tables"]

_MOST = 20


def print_findings(findings: Findings, rest: str, *, as_json: bool) -> None:
    """Print findings as one JSON object, or their sentences and tables.

    Parameters
    ----------
    findings : Findings
    rest : str
        Place of the rows that are not printed.
    as_json : bool
    """
    if as_json:
        print_json(findings.to_dict())
        return
    print(findings.to_text())
    print_tables(findings.tables, findings.specs, rest)


def print_tables(
    tables: Mapping[str, pd.DataFrame], specs: Sequence[TableSpec], rest: str, most: int = _MOST
) -> None:
    """Print tables that have rows, each under its name and meaning.

    Parameters
    ----------
    tables, specs : mapping of str to DataFrame, sequence of TableSpec
        Tables by name, and their declarations in order.
    rest : str
        Place of the rows that are not printed.
    most : int
        Rows of a table to print.
    """
    console = Console()
    if not console.is_terminal:
        # A pipe has no width to wrap to.
        console = Console(width=240)
    for spec in specs:
        frame = tables[spec.name]
        if frame.empty:
            continue
        print(f"\n{spec.name}: {spec.meaning}")
        console.print(_laid_out(frame.head(most), spec))
        if len(frame) > most:
            print(f"... and {len(frame) - most:,} more rows: {rest}")
    sys.stdout.flush()


def _laid_out(frame: pd.DataFrame, spec: TableSpec) -> Table:
    table = Table(box=None, pad_edge=False, header_style="")
    shown = columns_with_values(frame, spec)
    for column in shown:
        numeric = is_number(column)
        table.add_column(column.title, justify="right" if numeric else "left", overflow="fold")
    for row in frame[[column.name for column in shown]].itertuples(index=False, name=None):
        table.add_row(*map(written, row))
    return table
