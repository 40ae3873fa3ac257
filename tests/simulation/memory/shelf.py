"""The object store in memory: documents under the hash of their bytes, each written once."""

from schemas.values import DocumentRef
from services.fetcher.adapters.documents import MEDIA_TYPE
from services.fetcher.domain.identity import sha256_of


class MemoryShelf:
    """Stands in for DocumentShelf; `kept` outlives every process."""

    def __init__(self, kept: dict[str, bytes] | None = None) -> None:
        self.kept: dict[str, bytes] = {} if kept is None else kept

    def keep(self, pdf: bytes) -> DocumentRef:
        """The claim check of a PDF, stored unless it is there already."""
        sha256 = sha256_of(pdf)
        key = f"documents/{sha256[:2]}/{sha256}.pdf"
        self.kept.setdefault(key, pdf)
        return DocumentRef(sha256=sha256, size_bytes=len(pdf), media_type=MEDIA_TYPE, object_key=key)

    def keep_unreadable(self, payload: bytes) -> None:
        """Bytes that hold no document."""
        sha256 = sha256_of(payload)
        self.kept.setdefault(f"unreadable/{sha256[:2]}/{sha256}", payload)
