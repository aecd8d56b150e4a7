"""The page and what it asks for, on the loopback address alone.

Starlette and Uvicorn: both are kept well, typed and light (four small packages in all), they check
the Host header by a middleware of their own, and Uvicorn ends in order on the signals that the
runner hands on. The page asks for small JSON with ETags each second, which a proxy, a sleeping
laptop and a restarted server survive, and which needs no connection that stays open.
"""

import hashlib
import socket
import sys
import webbrowser
from functools import partial
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from runner.analysis.pages.one_file import json_text, own_source, whole_page
from runner.errors import ConflictError, error_line, printable
from runner.standard_output import tell
from runner.watching.overview import Overview

HOST = "127.0.0.1"
SOURCES = ("charts.js", "network.js", "panels.js", "start.js")
"""The page's own scripts, in the order in which they build on each other."""
SAFE = {
    "Cache-Control": "no-cache",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
source = partial(own_source, __package__)
"""One of the page's source files."""


def watch_page(root: Path) -> str:
    """The page, which then asks for all else."""
    folder = printable(root if root.name else root.absolute())
    own = "\n".join(map(source, SOURCES))
    content = {"root": folder}
    return whole_page(source("page.html"), f"watching {folder}", source("page.css"), content, [own])


def application(root: Path) -> Starlette:
    """What answers: GET alone, to who asks for this machine by its own name."""
    overview, page = Overview(root), watch_page(root)

    async def index(_request: Request) -> Response:
        return HTMLResponse(page, headers=SAFE)

    async def runs(request: Request) -> Response:
        told = await run_in_threadpool(overview.look)
        return answer(request, {**told, "seconds": round(overview.seconds, 1)})

    async def run(request: Request) -> Response:
        told = await run_in_threadpool(overview.whole, request.query_params.get("name", ""))
        return answer(request, told or {"kind": "gone", "error": "there is no such run any more"})

    routes = [Route("/", index), Route("/runs", runs), Route("/run", run)]
    # A page of elsewhere whose name leads here is refused: DNS rebinding.
    hosts = Middleware(TrustedHostMiddleware, allowed_hosts=[HOST, "localhost"])
    return Starlette(routes=routes, middleware=[hosts])


def answer(request: Request, told: Any) -> Response:
    """JSON; nothing where the page has just that."""
    body = json_text(told).encode()
    tag = f'"{hashlib.blake2b(body, digest_size=12).hexdigest()}"'
    headers = {**SAFE, "ETag": tag}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def serve(root: Path, port: int, *, open_browser: bool) -> None:
    """Answers until a signal ends it. Raises ConflictError where the port is another's."""
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((HOST, port))
        listening.listen()  # what is told below can be asked at once
    except OSError as error:
        listening.close()
        raise ConflictError(
            f"--port {port} cannot be used ({error_line(error)}); give another one, or --port 0 "
            "for any that is free"
        ) from error
    address = f"http://{HOST}:{listening.getsockname()[1]}/"
    waits = "" if root.is_dir() else ", which is not there yet"
    tell(f"Watching    {printable(root)}{waits}")
    tell(f"Page        {address}  (Ctrl-C ends it)")
    if open_browser and sys.stdout.isatty():
        webbrowser.open(address)
    settings = uvicorn.Config(
        application(root), log_level="critical", access_log=False, timeout_graceful_shutdown=1,
        lifespan="off", loop="asyncio", http="h11", ws="none",
    )  # fmt: skip
    uvicorn.Server(settings).run(sockets=[listening])
