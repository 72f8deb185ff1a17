"""A search of all scenarios together, from the best policy: blocks and windows in all nodes."""

from __future__ import annotations

import logging
from dataclasses import replace

from optalloc.mip.outcome import StopReason
from optalloc.solving.futures.decomposition import Decomposition
from optalloc.solving.monitor import Monitor
from optalloc.solving.strategies.portfolio import Portfolio
from optalloc.solving.strategies.worker import Role

__all__ = ["search_together"]

logger = logging.getLogger(__name__)


def search_together(work: Decomposition) -> StopReason | None:
    """Improve the best policy of a decomposition by large neighbourhood search.

    It takes a share of the time that the decomposition has taken so far; returns why it stopped.
    """
    arrays, options = work.form.arrays, work.monitor.options
    if arrays.parts is None or work.incumbent.values is None:
        return None
    seconds = work.monitor.seconds() * options.parameters.futures.together_share
    seconds = min(seconds, work.monitor.left_s())
    monitor = Monitor(replace(options, time_limit_s=seconds), work.monitor.report_within)
    roles = [Role.SEARCH] * work.jobs
    portfolio = Portfolio(arrays, monitor, roles, work.notes.append, work.incumbent)
    reason = portfolio.work()
    logger.info("all scenarios together: %.8g, %.0f s", work.incumbent.objective, seconds)
    return reason
