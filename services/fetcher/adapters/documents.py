"""The object store: PDFs under the hash of their bytes, each written once."""

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import ObjectStore, from_url

from schemas.values import DocumentRef
from services.fetcher.domain.identity import sha256_of
from services.kernel.errors import Unavailable

MEDIA_TYPE = "application/pdf"


class DocumentShelf:
    """Keeps documents at an address such as `file:///…` or `s3://bucket`."""

    def __init__(self, url: str) -> None:
        """Nothing is written until the first document comes."""
        self._store: ObjectStore = from_url(url, mkdir=True) if url.startswith("file:") else from_url(url)

    def keep(self, pdf: bytes) -> DocumentRef:
        """The claim check of a PDF, stored unless it is there already. Raises Unavailable."""
        sha256 = sha256_of(pdf)
        key = f"documents/{sha256[:2]}/{sha256}.pdf"
        self._write_once(key, pdf)
        return DocumentRef(sha256=sha256, size_bytes=len(pdf), media_type=MEDIA_TYPE, object_key=key)

    def keep_unreadable(self, payload: bytes) -> None:
        """Bytes from Amazon, if any, that hold no document, for a person to look at."""
        if not payload:
            return
        sha256 = sha256_of(payload)
        self._write_once(f"unreadable/{sha256[:2]}/{sha256}", payload)

    def _write_once(self, key: str, data: bytes) -> None:
        """What is there already is compared: a power cut may leave a name without its bytes. The store writes, then renames."""
        try:
            if not self._create(key, data) and bytes(obstore.get(self._store, key).bytes()) != data:
                obstore.put(self._store, key, data, mode="overwrite")
        except BaseError as trouble:
            raise Unavailable("object store", str(trouble).partition("\n")[0]) from trouble

    def _create(self, key: str, data: bytes) -> bool:
        """False when there is an object of that name."""
        try:
            obstore.put(self._store, key, data, mode="create")
        except AlreadyExistsError:
            return False
        return True
