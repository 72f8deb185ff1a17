"""Folders that tests read."""

from __future__ import annotations

from pathlib import Path

__all__ = ["INPUTS", "ROOT", "SHARED"]

ROOT = Path(__file__).resolve().parents[1]
INPUTS = ROOT / "inputs"
# Instances and published figures that are no part of the project; tests of them skip without.
SHARED = ROOT.parent / "shared" / "data"
