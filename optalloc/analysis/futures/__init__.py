"""Scenarios made from the sheet Ranges (generated.py)."""
