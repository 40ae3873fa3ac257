"""Static mode, as Amazon's sandbox: the published request and response pairs of a folder exactly, 400 to anything else."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

METHODS = ["GET", "POST", "DELETE", "PUT", "PATCH"]
UNMATCHED = {"errors": [{"code": "InvalidInput", "message": "Could not match input arguments"}]}


class NoPairs(Exception):
    """The folder holds no published pair."""

    next_action = "Name the folder of Amazon's sample answers: files with method, path, status, request and response."


@dataclass(frozen=True, slots=True)
class Pair:
    """One request and the answer to it; `body` is None when the request has none."""

    method: str
    path: str
    query: Mapping[str, str]
    body: object
    status: int
    response: object

    def matches(self, request: Request, body: object) -> bool:
        """Whether a request is exactly this one, whatever its headers."""
        asked = (request.method, unquote(request.url.path), dict(request.query_params))
        return asked == (self.method, self.path, self.query) and body == self.body


def static_app(folder: Path) -> Starlette:
    """The API port in static mode. Raises NoPairs."""
    found = [pair for file in sorted(folder.glob("*.json")) for pair in _pairs(file)]
    if not found:
        raise NoPairs(f"{folder}")

    async def answer(request: Request) -> Response:
        body = _read(await request.body())
        pair = next((pair for pair in found if pair.matches(request, body)), None)
        if pair is None:
            return JSONResponse(UNMATCHED, 400)
        return Response(status_code=pair.status) if pair.response is None else JSONResponse(pair.response, pair.status)

    return Starlette(routes=[Route("/{path:path}", answer, methods=METHODS)])


def ready_app() -> Starlette:
    """The control port in static mode: there is nothing to control."""

    async def ready(_request: Request) -> Response:
        return JSONResponse({"ready": True})

    return Starlette(routes=[Route("/ready", ready)])


def _read(content: bytes) -> object:
    try:
        return cast(object, json.loads(content)) if content else None
    except ValueError:
        return content


def _pairs(file: Path) -> Iterator[Pair]:
    """The pair of a file; none when it has no request, or one whose path lacks a value."""
    given = cast(dict[str, object], json.loads(file.read_text(encoding="utf-8")))
    if not {"method", "path", "status", "request", "response"} <= given.keys():
        return
    request = cast(dict[str, object], given["request"])
    values = {name: one.get("value") for name, one in cast(dict[str, dict[str, object]], request.get("parameters", {})).items()}
    path = str(given["path"])
    in_path = {name for name in values if f"{{{name}}}" in path}
    for name in in_path:
        path = path.replace(f"{{{name}}}", _text(values[name]))
    if "{" in path:
        return
    query = {name: _text(value) for name, value in values.items() if name != "body" and name not in in_path}
    body = request.get("body", values.get("body"))
    yield Pair(str(given["method"]), path, query, body, int(str(given["status"])), given["response"])


def _text(value: object) -> str:
    """A value as the query has it: arrays are csv."""
    if isinstance(value, list):
        return ",".join(_text(one) for one in cast(list[object], value))
    return str(value).lower() if isinstance(value, bool) else str(value)
