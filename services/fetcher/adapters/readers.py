"""Several documents read at a time: one reader in a process apart for each processor that this process may use."""

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from queue import LifoQueue

from schemas.invoice_collected.v1 import Evidence
from services.fetcher.adapters.reader_apart import ReaderApart


class Readers:
    """Shared by all runs of the process. A reader's process starts with its first document; the one used last is taken first."""

    def __init__(self, count: int | None = None) -> None:
        """`count` None = as many as there are processors."""
        self._readers = [ReaderApart() for _ in range(count or len(os.sched_getaffinity(0)))]
        self._free = LifoQueue[ReaderApart]()
        for reader in self._readers:
            self._free.put(reader)
        self._threads = ThreadPoolExecutor(len(self._readers), "reader")

    def read(self, data: bytes) -> Evidence:
        """What the document says, once a reader is free. Raises Unavailable when no process starts."""
        reader = self._free.get()
        try:
            return reader.read(data)
        finally:
            self._free.put(reader)

    def each[T, R](self, work: Callable[[T], R], things: Iterable[T]) -> Iterator[R]:
        """The same done to many things, as many at a time as there are readers; the answers in the things' order."""
        return self._threads.map(work, things)

    def close(self) -> None:
        """End the processes."""
        self._threads.shutdown()
        for reader in self._readers:
            reader.close()
