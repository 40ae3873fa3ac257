"""Serves the pages until told to stop."""

import threading

import uvicorn
from starlette.applications import Starlette

from services.fetcher.config import WebPlace

GRACE_SECONDS = 5  # for requests in hand when the process is asked to end


def serve_web(application: Starlette, place: WebPlace, stop: threading.Event) -> None:
    """Answer at the place until `stop`. No access log: Amazon's codes come in the query. Raises RuntimeError when the port is taken."""
    settings = uvicorn.Config(
        application, place.host, place.port, access_log=False, log_config=None, server_header=False, timeout_graceful_shutdown=GRACE_SECONDS
    )
    server = uvicorn.Server(settings)

    def end() -> None:
        stop.wait()
        server.should_exit = True

    threading.Thread(target=end, name="web-end", daemon=True).start()
    server.run()
    if not stop.is_set():
        raise RuntimeError(f"the pages could not be served at {place.host}:{place.port}")
