"""PDFs read in a process apart, within a bound of processor time and memory: a hostile file ends that process, never the service.

`python -m services.fetcher.adapters.reader_apart SECONDS BYTES` is that process: a document in, its evidence out, until its input ends.
"""

import resource
import signal
import struct
import subprocess
import sys
from collections.abc import Callable
from threading import Lock
from typing import IO

from schemas.invoice_collected.v1 import Evidence
from services.fetcher import Logged
from services.fetcher.adapters.pdf_reader import PdfReader
from services.fetcher.domain.reading.evidence import unreadable
from services.kernel.errors import Unavailable
from services.kernel.log import log

MOST_SECONDS = 30
"""Processor time for one document, so that a busy machine changes no answer: 200 dense pages take 2 s (November 2026)."""

MOST_BYTES = 1024**3
"""Address space of the process: a document is at most a quarter of it."""

READY = b"ready"
TRIES = 2
"""A process that dies may have been killed by somebody else, or be worn out by an earlier document."""

_LENGTH = struct.Struct(">Q")


class ReaderApart:
    """Reads one document at a time; safe to share between threads. Its process starts with the first document and again when it died."""

    def __init__(self, most_seconds: float = MOST_SECONDS, most_bytes: int = MOST_BYTES) -> None:
        """Processor seconds for one document, bytes of the process."""
        self._command = [sys.executable, "-I", "-m", __name__, str(most_seconds), str(most_bytes)]
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = Lock()

    def read(self, data: bytes) -> Evidence:
        """What the document says; `too_heavy` when reading it ends the process twice. Raises Unavailable when no process starts."""
        with self._lock:
            for _ in range(TRIES):
                answer = self._ask(data)
                if answer is not None:
                    return Evidence.model_validate_json(answer)
        return unreadable("too_heavy")

    @property
    def process(self) -> int | None:
        """The id of its process, if one runs."""
        return self._process.pid if self._process is not None else None

    def close(self) -> None:
        """End the process."""
        with self._lock:
            if self._process is not None:
                self._bury(self._process)

    def _ask(self, data: bytes) -> bytes | None:
        """The answer about one document; None when the process died over it."""
        process = self._process = self._process or self._started()
        given, told = _pipes(process)
        try:
            given.write(_LENGTH.pack(len(data)))
            given.write(data)
            given.flush()
            answer = _message(told.read)
        except BrokenPipeError:
            answer = None
        if answer is None:
            log.warning(Logged.READER_DIED, status=self._bury(process), size_bytes=len(data))
        return answer

    def _started(self) -> subprocess.Popen[bytes]:
        """A process that is ready. It inherits no environment: nothing that reads foreign bytes needs our keys."""
        process = subprocess.Popen(self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={}, start_new_session=True)
        if _pipes(process)[1].read(len(READY)) != READY:
            raise Unavailable("PDF reader", "its process does not start", self._bury(process))
        return process

    def _bury(self, process: subprocess.Popen[bytes]) -> int:
        """Its exit status, negative for a signal."""
        self._process = None
        process.kill()
        for pipe in _pipes(process):
            _shut(pipe)
        return process.wait()


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


def _shut(pipe: IO[bytes]) -> None:
    """Closing a pipe writes what is left in it, which nobody reads any more."""
    try:
        pipe.close()
    except BrokenPipeError:
        return


def _message(read: Callable[[int], bytes]) -> bytes | None:
    """One length and as many bytes; None when the other side has gone."""
    head = read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        return None
    (length,) = _LENGTH.unpack(head)
    body = read(length)
    return body if len(body) == length else None


def main(most_seconds: float, most_bytes: int) -> None:
    """Answer until the input ends. The alarm ends the process even inside PDFium: its default action needs no Python."""
    for ours in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ours, signal.SIG_IGN)  # the service decides when its reader ends: by closing its input
    resource.setrlimit(resource.RLIMIT_AS, (most_bytes, most_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    reader, told = PdfReader(), sys.stdout.buffer
    told.write(READY)
    told.flush()
    while (data := _message(sys.stdin.buffer.read)) is not None:
        signal.setitimer(signal.ITIMER_PROF, most_seconds)
        answer = reader.read(data).model_dump_json().encode()
        signal.setitimer(signal.ITIMER_PROF, 0)
        told.write(_LENGTH.pack(len(answer)) + answer)
        told.flush()


if __name__ == "__main__":
    main(float(sys.argv[1]), int(sys.argv[2]))
