"""A paper for those who decide: five editable slides, or two pages, from a plan's tables alone."""

from optalloc.report.paper.content import Source
from optalloc.report.paper.write import write_paper

__all__ = ["Source", "write_paper"]
