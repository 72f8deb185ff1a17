"""Checks of every request, and headers of every answer that limit what a page may do."""

from __future__ import annotations

from collections.abc import Set
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["REPORT_POLICY", "Guard"]

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; frame-src 'self'; form-action 'self'; "
    "frame-ancestors 'self'; base-uri 'none'"
)
# A report has its own script and words of a workbook: it runs apart from the server's pages.
REPORT_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; "
    "img-src data: blob:; form-action 'none'; frame-ancestors 'self'; base-uri 'none'; "
    "sandbox allow-scripts allow-downloads allow-modals"
)
_HEADERS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Guard:
    """Refuses requests of other sites, and adds security headers to each answer.

    Parameters
    ----------
    app : ASGI application
    hosts : set of str
        Names that this server answers to; empty for all. On a loopback address they keep out
        sites whose name is made to point here.
    """

    def __init__(self, app: ASGIApp, hosts: Set[str] = frozenset()) -> None:
        self._app, self._hosts = app, hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def bounded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refused = self._refusal(scope["method"], Headers(scope=scope))
        app = PlainTextResponse(refused, 403) if refused else self._app
        await app(scope, receive, bounded)

    def _refusal(self, method: str, headers: Headers) -> str:
        host = headers.get("host", "")
        if self._hosts and _name(host) not in self._hosts:
            return "This server is not known by that name."
        if method in ("GET", "HEAD") or _from_here(headers, host):
            return ""
        return "This was sent by another site's page, and is refused."


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _from_here(headers: Headers, host: str) -> bool:
    """True if the headers show that a page of this server sent the request."""
    origin = headers.get("origin")
    if origin is not None and origin != "null":
        return urlsplit(origin).netloc == host
    return headers.get("sec-fetch-site") == "same-origin"
