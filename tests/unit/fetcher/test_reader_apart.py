"""The reader in a process apart: same answers, bounded, and no file stops the next one from being read."""

import os
import signal
from collections.abc import Generator
from pathlib import Path

import pytest

from services.fetcher.adapters.pdf_reader import PdfReader
from services.fetcher.adapters.reader_apart import ReaderApart
from services.fetcher.adapters.readers import Readers
from services.kernel.errors import Unavailable
from tests.unit.fetcher.hostile import book, laughing_forms
from tests.unit.fetcher.test_evidence_pdf import LINES, page_pdf

MEGABYTE = 1024**2


@pytest.fixture
def reader() -> Generator[ReaderApart]:
    """A reader with little patience."""
    reader = ReaderApart(most_seconds=0.5, most_bytes=512 * MEGABYTE)
    yield reader
    reader.close()


def process_of(reader: ReaderApart) -> int:
    """The id of its process, which must run."""
    process = reader._process  # pyright: ignore[reportPrivateUsage]
    assert process is not None
    return process.pid


def test_it_says_what_the_reader_inside_says(reader: ReaderApart):
    """A text, an encrypted file, no PDF, nothing at all: the same evidence, from one process."""
    for data in (page_pdf(*LINES), page_pdf(*LINES, password="secret"), b"PK\x03\x04", b""):
        assert PdfReader().read(data) == reader.read(data)
    assert Path(f"/proc/{process_of(reader)}/environ").read_bytes() == b""


@pytest.mark.parametrize(("seconds", "megabytes"), [(0.2, 4096), (60, 400)])
def test_a_document_that_never_ends_is_too_heavy(seconds: float, megabytes: int):
    """
    2,000 bytes that unfold to ten million words, 18 GB in PDFium
    once the time runs out, once the memory; the next document is read
    """
    reader = ReaderApart(seconds, megabytes * MEGABYTE)
    heavy = reader.read(laughing_forms(7))
    assert ("none", "too_heavy") == (heavy.reading, heavy.unreadable)
    assert "text" == reader.read(page_pdf(*LINES)).reading
    reader.close()


def test_two_hundred_pages_are_an_invoice_within_the_bounds():
    """9,000 articles: more than a contract takes, so none; number and totals stand on the first and the last page."""
    reader = ReaderApart()
    evidence = reader.read(book(200))
    reader.close()
    assert evidence.number is not None
    assert evidence.gross_cents is not None
    assert ("text", "F-2026-1", 120_00, ()) == (evidence.reading, evidence.number.value, evidence.gross_cents.value, evidence.lines)


def test_a_reader_killed_by_somebody_else_reads_all_the_same(reader: ReaderApart):
    """kill -9 between two documents: a new process reads the second."""
    reader.read(page_pdf(*LINES))
    first = process_of(reader)
    os.kill(first, signal.SIGKILL)
    assert "text" == reader.read(page_pdf(*LINES)).reading
    assert first != process_of(reader)


def test_a_service_that_is_asked_to_end_keeps_its_reader(reader: ReaderApart):
    """SIGTERM and SIGINT reach every process of the service; a document in hand must not count as too heavy for that."""
    reader.read(page_pdf(*LINES))
    first = process_of(reader)
    os.kill(first, signal.SIGTERM)
    os.kill(first, signal.SIGINT)
    assert "text" == reader.read(page_pdf(*LINES)).reading
    assert first == process_of(reader)


def test_a_reader_that_does_not_start_is_no_fault_of_the_document():
    """A bound that the system does not take: the job waits, the document is not called unreadable."""
    with pytest.raises(Unavailable, match="does not start"):
        ReaderApart(most_bytes=2**70).read(page_pdf(*LINES))


def test_several_readers_answer_in_the_order_of_the_documents():
    """Twelve documents, every third of which is none, for two readers: each answer is that of its own document."""
    readers = Readers(2)
    documents = [page_pdf(*LINES), page_pdf("Facture"), b"PK\x03\x04"] * 4
    answers = list(readers.each(readers.read, documents))
    readers.close()
    assert [PdfReader().read(data) for data in documents] == answers
