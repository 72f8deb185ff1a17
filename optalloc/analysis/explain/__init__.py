"""Explanation of a plan by its binding limits and choices, or of why there is none.

`explain` is the entry point (run.py); what it returns is an `Explanation` (explanation.py). A plan
is explained by the parts that sections.py lists; where there is no plan, infeasible.py goes from
sums over the workbook to the cheapest changes that give one.
"""
