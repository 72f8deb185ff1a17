"""What plans made again and again come to: the table of a roll, for a page."""

from __future__ import annotations

import pandas as pd

from optalloc.rolling.result import RollResult

__all__ = ["as_markdown"]


def as_markdown(found: RollResult) -> str:
    """One row for each policy, and one for perfect foresight; then one for each future.

    Costs are in M, present value. What is above perfect foresight is known to within the gaps.
    """
    policies = found["Policies"]
    lines = [
        "| made again by | mean cost | above perfect foresight | by the gaps | greatest cost |"
        " plans changed | no plan in |",
        "|---|---|---|---|---|---|---|",
    ]
    for _, row in policies.iterrows():
        gaps = f"{_money(row['above_at_least'])} to {_money(row['above_at_most'])}"
        lines.append(
            f"| {row['policy']} | {_money(row['mean'])} | {_money(row['above'])} | {gaps} |"
            f" {_money(row['greatest'])} | {row['changed']:.0%} |"
            f" {row['without_plan']} of {row['futures']} |"
        )
    lines.append(f"| perfect foresight | {_money(policies['foresight'].iloc[0])} | | | | | |")
    return "\n".join([*lines, "", *_by_future(found["CostsByFuture"], list(policies["policy"]))])


def _by_future(costs: pd.DataFrame, policies: list[str]) -> list[str]:
    columns = [*policies, "foresight"]
    heads = [*policies, "perfect foresight"]
    lines = [f"| future | weight | {' | '.join(heads)} |", f"|---|---|{'---|' * len(heads)}"]
    for _, row in costs.iterrows():
        figures = " | ".join(_money(row[name]) for name in columns)
        lines.append(f"| {row['future']} | {row['weight']:.1%} | {figures} |")
    return lines


def _money(amount: float) -> str:
    return "" if pd.isna(amount) else f"{amount:,.0f}"
