"""Faults of the wire, for the APIs, the token endpoint and downloads alike."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from deploy.local.amazon.calls import Fault
from deploy.local.amazon.clock import VirtualClock

LOOK_SECONDS = 0.05
IN_PROCESS = "achats.in_process"
"""Extension of the scope of a request that came without a socket: nobody can hang up there."""

LOST = b"x-simulator-lost"
"""Tells a transport in the same process that the caller never sees this answer."""


class Spoiling:
    """Lets a fault, if there is one, have its way with a call."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock

    async def __call__(self, fault: Fault | None, request: Request, answer: Callable[[int | None], Awaitable[Response]]) -> Response:
        """What `answer` makes of the call, or of an injected status.

        Truncated: half the bytes under the full length, so that the server closes the connection. Malformed: half the bytes as if they
        were all. Silent: handled when the caller is gone. `truncated`, `malformed` and `silent` handle the call.
        """
        if fault is None:
            return await answer(None)
        await self._clock.wait(fault.seconds)
        in_process = IN_PROCESS in request.scope.get("extensions", {})
        if fault.blow == "silent" and not in_process:
            while not await request.is_disconnected():
                await asyncio.sleep(LOOK_SECONDS)
        response = await answer(fault.blow if isinstance(fault.blow, int) else None)
        if fault.blow in ("truncated", "malformed"):
            response.body = response.body[: len(response.body) // 2]
        if fault.blow == "malformed":
            response.headers["content-length"] = str(len(response.body))
        if fault.blow == "silent" and in_process:
            response.raw_headers.append((LOST, b"silent"))
        return response
