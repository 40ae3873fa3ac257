"""The object store behind the download links, on its own port: a payload, or an XML refusal."""

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from deploy.local.amazon.calls import DOWNLOAD, Journal
from deploy.local.amazon.clock import VirtualClock
from deploy.local.amazon.reports import Reports
from deploy.local.amazon.signing import Signer
from deploy.local.amazon.spoiling import Spoiling


class Downloads:
    """Serves a report's documents to whoever holds a link, without API authentication."""

    def __init__(self, reports: Reports, clock: VirtualClock, signer: Signer, journal: Journal, spoil: Spoiling) -> None:
        self._reports = reports
        self._clock = clock
        self._signer = signer
        self._journal = journal
        self._spoil = spoil

    async def download(self, request: Request) -> Response:
        """The payload, or 403 when the link is older than five minutes or not ours."""
        response = await self._spoil(self._journal.next_fault(DOWNLOAD), request, lambda status: self._answer(request, status))
        self._journal.count(DOWNLOAD, response.status_code)
        return response

    async def _answer(self, request: Request, status: int | None) -> Response:
        document_id, until = request.path_params["document_id"], request.query_params.get("Expires", "")
        if status:
            return _refusal(status, "InternalError", "Injected by the control port.")
        if request.query_params.get("X-Amz-Signature") != self._signer.sign("link", f"{document_id} {until}"):
            return _refusal(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
        if self._clock.now().timestamp() >= int(until):
            return _refusal(403, "AccessDenied", "Request has expired")
        content = await run_in_threadpool(self._reports.payload, document_id)
        if content is None:
            return _refusal(404, "NoSuchKey", "The specified key does not exist.")
        return Response(content, media_type="application/octet-stream")


def _refusal(status: int, code: str, message: str) -> Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(text, status, media_type="application/xml")
