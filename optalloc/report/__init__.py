"""Step "report": the plan's tables as one page that opens without anything else.

The page holds the tables whole, in full precision, and draws what the model folder declares
(`optalloc.exhibits`) from them. Everything stands in the one file: scripts, style, coast lines.
"""

from __future__ import annotations

from optalloc.report.beside import read_explanation
from optalloc.report.page import report_page, write_report

__all__ = ["read_explanation", "report_page", "write_report"]
