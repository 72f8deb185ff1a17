"""The application: each address with its page."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from optalloc.serve.first_page import FirstPage
from optalloc.serve.guard import Guard
from optalloc.serve.pages import static
from optalloc.serve.runs import Runs
from optalloc.serve.server import Server
from optalloc.serve.settings import Settings
from optalloc.serve.workbooks import Workbooks

__all__ = ["make_app"]


def make_app(settings: Settings) -> Starlette:
    """Give the application; files of visitors are removed when it ends, unless they are kept."""
    server = Server(settings)
    parts = (FirstPage(server), Workbooks(server), Runs(server))
    addresses = [address for part in parts for address in part.addresses()]
    routes = [Route(path, endpoint, methods=[method]) for method, path, endpoint in addresses]
    return Starlette(
        routes=[*routes, Route("/static/{name}", _static, methods=["GET"])],
        middleware=[Middleware(Guard, hosts=settings.hosts)],
        exception_handlers={HTTPException: server.refused},
        lifespan=server.lifespan,
        # The fields of a form beside the file are small.
        max_body_size=settings.most_bytes + 2**16,
    )


async def _static(request: Request) -> Response:
    found = static(request.path_params["name"])
    if found is None:
        raise HTTPException(404)
    content, media = found
    return Response(content, media_type=media, headers={"Cache-Control": "max-age=3600"})
