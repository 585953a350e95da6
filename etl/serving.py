"""Shows the published folder to browsers on this machine, for people without a web server. It never writes."""

from __future__ import annotations

import socket
from collections.abc import Callable

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from etl.dashboard import page
from etl.errors import NothingPublishedError, PortTakenError
from etl.settings import Settings

HOST = "127.0.0.1"
_HEADERS = {
    "Content-Security-Policy": f"{page.POLICY}; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
}
# Folders that are named after what is in them.
_FOREVER = ("/dashboard/assets/", "/dashboard/data/")
_KINDS = {
    ".atom": "application/atom+xml",
    ".duckdb": "application/vnd.duckdb",
    ".gz": "application/gzip",
    ".js": "text/javascript",
    ".parquet": "application/vnd.apache.parquet",
}


class _Snapshots(StaticFiles):
    """Files of the snapshots. Names that begin with a dot are of snapshots that are still being written."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        if any(part.startswith(".") and part != "." for part in path.split("/")):
            return PlainTextResponse("not found", status_code=404)
        response = await super().get_response(path, scope)
        kind = next((kind for suffix, kind in _KINDS.items() if path.endswith(suffix)), None)
        if kind and response.status_code in (200, 206):
            response.headers["Content-Type"] = kind
        is_lasting = any(folder in scope["path"] for folder in _FOREVER)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if is_lasting else "no-cache"
        response.headers.update(_HEADERS)
        return response


def application(settings: Settings) -> Starlette:
    """Published snapshots under their names; `/` and `/current/` lead to the one that readers should see now.

    A page stays on the snapshot that it was opened on, whatever is published meanwhile. Raises NothingPublishedError.
    """
    if not settings.current.exists():
        raise NothingPublishedError(str(settings.warehouse))

    def lead(request: Request) -> Response:
        rest = request.path_params.get("rest") or "dashboard/"
        place = f"/{settings.current.resolve().name}/{rest}"
        return RedirectResponse(place, headers={"Cache-Control": "no-store", **_HEADERS})

    return Starlette(
        routes=[
            Route("/", lead),
            Route("/current/{rest:path}", lead),
            Mount("/", _Snapshots(directory=settings.published, html=True)),
        ],
        middleware=[
            # A name of someone else's that leads to this machine is no way in.
            Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"]),
            Middleware(GZipMiddleware, minimum_size=1_000, compresslevel=6),
        ],
    )


def serve(settings: Settings, port: int, ready: Callable[[str], None]) -> None:
    """Serves until it is interrupted. `ready` hears the address, once it answers; port 0 takes any that is free.

    Raises NothingPublishedError, and PortTakenError.
    """
    shown = application(settings)
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind((HOST, port))
            listening.listen()
        except OSError as error:
            raise PortTakenError(port, str(error.strerror)) from None
        config = uvicorn.Config(shown, log_level="warning", server_header=False, timeout_graceful_shutdown=2)
        ready(f"http://{HOST}:{listening.getsockname()[1]}/")
        uvicorn.Server(config).run(sockets=[listening])
