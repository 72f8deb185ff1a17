"""Where the model folder that comes with optalloc lies; nothing here loads a library."""

from __future__ import annotations

from pathlib import Path

__all__ = ["default_model_path"]


def default_model_path() -> Path:
    """Folder of the capacity model that comes with optalloc, installed or in a checkout."""
    here = Path(__file__).resolve().parents[1]
    installed = here / "models" / "capacity"
    return installed if installed.is_dir() else here.parent / "models" / "capacity"
