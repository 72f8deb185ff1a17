"""Versions of the packages that an answer depends on."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as package_version

from optalloc.solving import highs

__all__ = ["engine_versions", "installed_version"]


def installed_version(package: str) -> str:
    """Version of a package, or that it is not installed."""
    try:
        return package_version(package)
    except PackageNotFoundError:
        return "not installed"


def engine_versions() -> dict[str, str]:
    """Versions of optalloc and the solver; results of different ones are never mixed."""
    return {"optalloc": installed_version("optalloc"), "highs": highs.version()}
