"""What Amazon refuses, by status: the error list of every API, the flat error of Login with Amazon."""

import re

import httpx

from services.fetcher.domain.amazon.answer import Published, Refusal, Refusals, TokenRefusal
from services.fetcher.stages.ports import AccessLost, AnswerUnreadable, RequestRefused
from services.kernel.errors import KernelError

TOKEN = re.compile(r"Atz[a-z]?\|\S+")


class RefusedByAmazon(KernelError):
    """Amazon refuses."""

    def __init__(self, operation: str, status: int, refusal: Refusal, request_id: str | None = None) -> None:
        """The first refusal of the list; support asks for the request's id."""
        self.status, self.code, self.message = status, _without_tokens(refusal.code), _without_tokens(refusal.message)
        super().__init__(str(operation), status, *(said for said in (self.code, self.message, request_id) if said))


def _without_tokens(said: str | None) -> str | None:
    """What Amazon says, should it repeat a token that was sent."""
    return None if said is None else TOKEN.sub("(token)", said)


class AmazonRefused(RefusedByAmazon):
    """Amazon refuses the request itself; asking again changes nothing, so this is a fault of ours."""


class BadRequest(AmazonRefused, RequestRefused):
    """Amazon refuses what this request asks for; other requests may be good."""


class AccessDenied(RefusedByAmazon, AccessLost):
    """Amazon denies access with a fresh token: the role is missing or the account is not enrolled."""


class Forgotten(BadRequest):
    """Amazon does not know the report or document, or not any more."""


class CodeRefused(KernelError):
    """Amazon does not exchange this authorisation code: it was used, or is older than five minutes."""


REFUSALS: dict[int, type[RefusedByAmazon]] = {401: AccessDenied, 403: AccessDenied, 404: Forgotten}
"""All other statuses that are neither 2xx, nor 429, nor 5xx are BadRequest."""


def accepted(operation: str, answer: httpx.Response) -> httpx.Response:
    """The answer when it is 2xx. Raises what REFUSALS says of any other status."""
    if answer.is_success:
        return answer
    refused = REFUSALS.get(answer.status_code, BadRequest)
    raise refused(operation, answer.status_code, first_refusal(answer), answer.headers.get("x-amzn-requestid"))


def first_refusal(answer: httpx.Response) -> Refusal:
    """Code and message of an error list; without any when there is no such list."""
    try:
        return (Refusals.read(answer.content).errors or [Refusal()])[0]
    except ValueError:
        return Refusal()


def token_refusal(answer: httpx.Response) -> Refusal:
    """The refusal of the token endpoint: its `error` is the code. The description stays out, for it may repeat what was sent."""
    try:
        return Refusal(code=TokenRefusal.read(answer.content).error)
    except ValueError:
        return Refusal()


def readable[A: Published](shape: type[A], operation: str, answer: httpx.Response) -> A:
    """The body as an answer. Raises AnswerUnreadable when it was cut short or is none: the next one may be whole."""
    try:
        return shape.read(answer.content)
    except ValueError as unreadable:
        raise AnswerUnreadable("Amazon", str(operation), "an unreadable answer") from unreadable
