"""The object store behind the download links, on its own port: gzip around a ZIP of PDFs, or an XML refusal."""

import gzip
import io
import re
import zipfile
from collections.abc import Sequence

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from deploy.local.amazon.calls import Journal
from deploy.local.amazon.clock import VirtualClock
from deploy.local.amazon.reports import Reports
from deploy.local.amazon.signing import Signer
from deploy.local.amazon.spoiling import spoiled
from deploy.local.amazon.world import Document

OPERATION = "download"


class Downloads:
    """Serves a report's documents to whoever holds a link, without API authentication."""

    def __init__(self, reports: Reports, clock: VirtualClock, signer: Signer, journal: Journal) -> None:
        self._reports = reports
        self._clock = clock
        self._signer = signer
        self._journal = journal

    async def download(self, request: Request) -> Response:
        """The payload, or 403 when the link is older than five minutes or not ours."""
        response = await spoiled(self._journal.next_fault(OPERATION), request, lambda status: self._answer(request, status))
        self._journal.count(OPERATION, response.status_code)
        return response

    async def _answer(self, request: Request, status: int | None) -> Response:
        document_id, until = request.path_params["document_id"], request.query_params.get("Expires", "")
        if status:
            return _refusal(status, "InternalError", "Injected by the control port.")
        if request.query_params.get("X-Amz-Signature") != self._signer.sign("link", f"{document_id} {until}"):
            return _refusal(403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
        if self._clock.now().timestamp() >= int(until):
            return _refusal(403, "AccessDenied", "Request has expired")
        documents = self._reports.papers(document_id)
        if not documents:
            return _refusal(404, "NoSuchKey", "The specified key does not exist.")
        return Response(await run_in_threadpool(payload, documents), media_type="application/octet-stream")


def payload(documents: Sequence[Document]) -> bytes:
    """gzip(zip(pdf…)), the same bytes every time."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
        for document in documents:
            bundle.writestr(zipfile.ZipInfo(_entry_name(document)), document.pdf())
    return gzip.compress(archive.getvalue(), mtime=0)


def _entry_name(document: Document) -> str:
    return f"{re.sub(r'[^A-Za-z0-9.-]', '_', document.number or document.shipment_id)}.pdf"


def _refusal(status: int, code: str, message: str) -> Response:
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>{code}</Code><Message>{message}</Message></Error>'
    return Response(text, status, media_type="application/xml")
