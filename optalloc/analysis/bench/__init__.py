"""Solvers and strategies measured on several instances, one process a run, and compared."""
