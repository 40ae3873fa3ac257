"""Write-once object storage: what is kept under a name stays as it was first written."""

from collections.abc import Generator
from contextlib import contextmanager
from functools import cached_property

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import ObjectStore, from_url

from services.kernel.errors import Unavailable


class Vault:
    """Objects at an address such as `file:///…` or `s3://bucket`. Nothing here can overwrite or delete. All raise Unavailable."""

    def __init__(self, url: str) -> None:
        """Asks nothing of the store yet."""
        self._url = url

    def keep_once(self, key: str, data: bytes) -> bytes:
        """What stands under the key: `data`, unless something was kept there before."""
        with _answering():
            try:
                obstore.put(self._store, key, data, mode="create")
            except AlreadyExistsError:
                return bytes(obstore.get(self._store, key).bytes())
            return data

    def all_under(self, folder: str) -> list[bytes]:
        """Every object in this folder, in the order of their keys."""
        with _answering():
            keys = sorted(found["path"] for found in obstore.list(self._store, folder).collect())
            return [bytes(obstore.get(self._store, key).bytes()) for key in keys]

    @cached_property
    def _store(self) -> ObjectStore:
        return from_url(self._url, mkdir=True) if self._url.startswith("file:") else from_url(self._url)


@contextmanager
def _answering() -> Generator[None]:
    try:
        yield
    except (BaseError, OSError) as trouble:
        raise Unavailable("object store", str(trouble).partition("\n")[0]) from trouble
