"""One download from Amazon's store: the bytes as they were sent, up to a bound, whole or not at all."""

import httpx

from services.fetcher.domain.unpacking import TooLarge
from services.fetcher.stages.ports import NotDelivered


def received(client: httpx.Client, request: httpx.Request, most_bytes: int) -> httpx.Response:
    """The whole answer. Raises NotDelivered when its body ends early, TooLarge when it does not end, httpx.TransportError.

    A content encoding is left on: whoever unpacks knows gzip, and knows when to stop.
    """
    answer = client.send(request, stream=True)
    try:
        answer.headers.pop("content-encoding", None)
        return httpx.Response(answer.status_code, content=_body(answer, most_bytes))
    finally:
        answer.close()


def _body(answer: httpx.Response, most_bytes: int) -> bytes:
    body = bytearray()
    try:
        for piece in answer.iter_bytes():
            body += piece
            if len(body) > most_bytes:
                raise TooLarge
    except httpx.RemoteProtocolError as cut:
        raise NotDelivered("the download was cut short") from cut
    return bytes(body)
