"""Analyses of one plan or two: explanation, comparison, alternatives, and solve times."""
