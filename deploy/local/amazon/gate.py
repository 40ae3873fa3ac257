"""What stands before every API operation: faults, headers, access token, token bucket; and what every answer carries."""

import re
from collections.abc import Callable, Mapping
from random import Random
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from deploy.local.amazon.assumptions import Assumptions
from deploy.local.amazon.calls import Answer, Call, Journal
from deploy.local.amazon.refusals import Refused, bad_parameter, denied, injected, quota_exceeded
from deploy.local.amazon.spoiling import Spoiling
from deploy.local.amazon.throttle import Throttle, limit_header, role_of
from deploy.local.amazon.tokens import LoginWithAmazon

AMAZON_DATE = re.compile(r"\d{8}T\d{6}Z")
REQUEST_ID_SPELLINGS = (b"x-amzn-RequestId", b"x-amzn-requestId", b"x-amzn-requestid")

type Handler = Callable[[Call], Answer]


class Gate:
    """Turns the handler of an operation into a route that checks, limits and counts as Amazon does."""

    def __init__(self, login: LoginWithAmazon, throttle: Throttle, journal: Journal, spoil: Spoiling, assumed: Assumptions) -> None:
        self._login = login
        self._throttle = throttle
        self._journal = journal
        self._spoil = spoil
        self._assumed = assumed
        self._dice = Random(1)

    def route(self, method: str, path: str, operation: str, handler: Handler) -> Route:
        """The route of one operation."""

        async def endpoint(request: Request) -> Response:
            body = await request.body()
            return await self._spoil(self._journal.next_fault(operation), request, lambda status: answer(request, body, status))

        async def answer(request: Request, body: bytes, status: int | None) -> Response:
            try:
                response = _response(handler(self._admit(request, operation, body, status)))
            except Refused as refused:
                response = _refusal(refused)
            return self._finish(operation, response)

        return Route(path, endpoint, methods=[method], name=operation)

    def _admit(self, request: Request, operation: str, body: bytes, status: int | None) -> Call:
        """The call, once nothing stands against it, not even an injected status. Raises Refused."""
        if status:
            raise injected(status)
        if self._assumed.headers == "refuse":
            _check_headers(request.headers)
        grantee = self._login.grantee(request.headers.get("x-amz-access-token"))
        if role_of(operation) not in grantee.roles:
            raise denied("The application has not been granted the role of this operation.")
        if not self._throttle.allows(grantee.account, operation):
            raise quota_exceeded()
        return Call(grantee.account, grantee.marketplace, dict(request.query_params), request.path_params, body)

    def _finish(self, operation: str, response: Response) -> Response:
        """Count, and add the rate and request identifier headers (the latter in varying case)."""
        self._journal.count(operation, response.status_code)
        if limit := limit_header(operation, response.status_code):
            response.raw_headers.append((b"x-amzn-RateLimit-Limit", limit.encode()))
        response.raw_headers.append((self._dice.choice(REQUEST_ID_SPELLINGS), str(uuid4()).encode()))
        return response


def _check_headers(headers: Mapping[str, str]) -> None:
    if not AMAZON_DATE.fullmatch(headers.get("x-amz-date", "")):
        raise bad_parameter("The header x-amz-date is missing or not in the format yyyyMMdd'T'HHmmss'Z'.")
    if not headers.get("user-agent"):
        raise bad_parameter("The header user-agent is missing.")


def _response(answer: Answer) -> Response:
    return Response(status_code=answer.status) if answer.body is None else JSONResponse(answer.body, answer.status)


def _refusal(refused: Refused) -> Response:
    response = JSONResponse({"errors": [refused.error]}, refused.status)
    if refused.status == 403:
        response.raw_headers.append((b"x-amzn-ErrorType", b"AccessDeniedException"))
    return response
