"""How a server starts, and why it does not."""

from __future__ import annotations

import re
import socket
import sys
from pathlib import Path

import pytest

from optalloc.errors import OptallocError
from optalloc.serve import is_loopback, serve


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    """Proves: it does not start where another listens, and says what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(OptallocError, match=f"port {port}.*choose another"):
            serve(port=port)


def test_what_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Proves: without the extra the command says which one to install."""
    monkeypatch.setitem(sys.modules, "starlette", None)
    with pytest.raises(OptallocError, match=re.escape("starlette, not installed: pip install")):
        serve()


def test_loopback_is_told_from_other_addresses() -> None:
    """Proves: only these need no warning."""
    assert all(map(is_loopback, ("127.0.0.1", "127.9.9.9", "::1", "localhost")))
    assert not any(map(is_loopback, ("0.0.0.0", "::", "10.0.0.1", "example.org")))
