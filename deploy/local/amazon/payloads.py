"""What a download holds: gzip(zip(pdf…)) as production clients found it, and six other shapes."""

import gzip
import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Literal

from deploy.local.amazon.facts import Document

type PayloadKind = Literal["gzip_zip", "gzip_pdf", "zip", "pdf", "empty_zip", "foreign", "several"]


def payload(kind: PayloadKind, documents: Sequence[Document], at: datetime) -> bytes:
    """The bytes, the same every time. Several documents cannot be a bare PDF: they stay in a ZIP."""
    entries = [(_entry_name(document), document.pdf_at(at)) for document in documents]
    if kind in ("pdf", "gzip_pdf") and len(entries) == 1:
        return entries[0][1] if kind == "pdf" else gzip.compress(entries[0][1], mtime=0)
    if kind == "empty_zip":
        entries = []
    if kind == "several":
        entries += [(f"copies/{name}", pdf) for name, pdf in entries]
    archive = _zip(entries)
    return archive if kind in ("zip", "pdf") else gzip.compress(archive, mtime=0)


def _zip(entries: Iterable[tuple[str, bytes]]) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, pdf in entries:
            bundle.writestr(zipfile.ZipInfo(name), pdf)
    return archive.getvalue()


def _entry_name(document: Document) -> str:
    return f"{re.sub(r'[^A-Za-z0-9.-]', '_', document.number or document.shipment_id)}.pdf"
