"""Faults of the wire, for the APIs, the token endpoint and downloads alike."""

import asyncio
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response

from deploy.local.amazon.calls import Fault

LOOK_SECONDS = 0.05


async def spoiled(fault: Fault | None, request: Request, answer: Callable[[int | None], Awaitable[Response]]) -> Response:
    """What `answer` makes of the call, or of an injected status; `truncated` and `silent` handle the call and lose the answer.

    Truncated: half the bytes under the full length, so that the server closes the connection. Silent: handled when the caller is gone.
    """
    if fault == "silent":
        while not await request.is_disconnected():
            await asyncio.sleep(LOOK_SECONDS)
    response = await answer(fault if isinstance(fault, int) else None)
    if fault == "truncated":
        response.body = response.body[: len(response.body) // 2]
    return response
