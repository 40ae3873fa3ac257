"""How the control plane reads a request, and says in words what is wrong with it."""

import json
from collections.abc import Awaitable, Callable
from typing import cast

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from deploy.local.amazon.accounts import UnknownAccount
from deploy.local.amazon.assumptions import UnknownAssumption
from deploy.local.amazon.scripting import ImpossibleDeed
from deploy.local.amazon.trouble import UnknownRate


class Wrong(Exception):
    """The request to the control plane cannot be met."""


def told(answer: Callable[[Request], Awaitable[Response]]) -> Callable[[Request], Awaitable[Response]]:
    """The same, and a mistake of the caller as 400 in words."""

    async def answered(request: Request) -> Response:
        try:
            return await answer(request)
        except (Wrong, UnknownAccount, UnknownAssumption, UnknownRate, ImpossibleDeed, ValidationError, KeyError, ValueError) as mistake:
            return JSONResponse({"mistake": type(mistake).__name__, "about": str(mistake)}, 400)

    return answered


async def body(request: Request) -> dict[str, object]:
    """The JSON object of a request, empty when there is none. Raises Wrong, ValueError."""
    content = await request.body()
    given: object = json.loads(content) if content else {}
    if not isinstance(given, dict):
        raise Wrong("the body must be a JSON object")
    return cast(dict[str, object], given)
