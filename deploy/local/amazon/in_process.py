"""The simulator without sockets: a transport for `httpx.Client` that answers in the same process, on the same clock."""

import asyncio
import threading
from collections.abc import Mapping

import httpx
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from deploy.local.amazon.app import Simulator
from deploy.local.amazon.settings import Settings
from deploy.local.amazon.spoiling import IN_PROCESS, LOST


class InProcess(httpx.BaseTransport):
    """Answers requests to the three ports, whatever their host; other ports refuse the connection.

    A `silent` answer is a ReadTimeout, a `truncated` one a RemoteProtocolError, as over a socket. One request at a time; not to be used
    from a thread that runs an event loop.
    """

    def __init__(self, simulator: Simulator, settings: Settings) -> None:
        """`settings` are those the simulator was built with; their ports are never opened."""
        self._apps: Mapping[int | None, Starlette] = {
            settings.port: simulator.api,
            settings.documents_port: simulator.documents,
            settings.control_port: simulator.control,
        }
        self._loop = asyncio.new_event_loop()
        self._lock = threading.Lock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """One answer. Raises httpx.ConnectError, ReadTimeout, RemoteProtocolError."""
        app = self._apps.get(request.url.port)
        if app is None:
            raise httpx.ConnectError(f"nothing listens on {request.url.port}", request=request)
        with self._lock:
            answer = self._loop.run_until_complete(_asked(app, request))
        if LOST.decode() in answer.headers:
            raise httpx.ReadTimeout("the answer was lost", request=request)
        if int(answer.headers.get("content-length", len(answer.content))) != len(answer.content):
            raise httpx.RemoteProtocolError("peer closed connection without sending complete message body", request=request)
        return answer

    def close(self) -> None:
        """End the loop."""
        self._loop.close()


async def _asked(app: Starlette, request: httpx.Request) -> httpx.Response:
    async def marked(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, "extensions": {IN_PROCESS: {}}}, receive, send)

    answer = await httpx.ASGITransport(marked).handle_async_request(request)
    content = await answer.aread()
    return httpx.Response(answer.status_code, headers=answer.headers, content=content, request=request)
