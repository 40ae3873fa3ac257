"""Where documents are kept, in memory or in an object store: once, under the hash of their bytes."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from schemas.values import DocumentRef
from services.fetcher.adapters.documents import DocumentShelf
from services.fetcher.stages.ports import Shelf
from tests.simulation.memory.shelf import MemoryShelf

PDF = b"%PDF-1.7 one"
SHA256 = hashlib.sha256(PDF).hexdigest()

type Kept = Callable[[], Mapping[str, bytes]]


@pytest.fixture(params=["memory", "real"])
def shelf(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Shelf, Kept]:
    """A shelf, and what is on it by key."""
    if request.param == "memory":
        memory = MemoryShelf()
        return memory, lambda: memory.kept
    return DocumentShelf(f"file://{tmp_path}"), lambda: files_in(tmp_path)


def files_in(folder: Path) -> dict[str, bytes]:
    """Every file by its path."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in folder.rglob("*") if file.is_file()}


def test_a_document_is_kept_under_its_hash(shelf: tuple[Shelf, Kept]) -> None:
    """The claim check names bytes, size, type and place."""
    keeping, kept = shelf
    key = f"documents/{SHA256[:2]}/{SHA256}.pdf"
    assert DocumentRef(sha256=SHA256, size_bytes=12, media_type="application/pdf", object_key=key) == keeping.keep(PDF)
    assert {key: PDF} == kept()


def test_a_document_is_kept_once(shelf: tuple[Shelf, Kept]) -> None:
    """The same again is the same claim check; other bytes are another document."""
    keeping, kept = shelf
    assert keeping.keep(PDF) == keeping.keep(PDF)
    assert keeping.keep(PDF) != keeping.keep(PDF + b"\n")
    assert {PDF, PDF + b"\n"} == set(kept().values())


def test_what_is_no_document_is_kept_apart(shelf: tuple[Shelf, Kept]) -> None:
    """Also when the same bytes come twice."""
    keeping, kept = shelf
    keeping.keep_unreadable(b"<html>")
    keeping.keep_unreadable(b"<html>")
    sha256 = hashlib.sha256(b"<html>").hexdigest()
    assert {f"unreadable/{sha256[:2]}/{sha256}": b"<html>"} == kept()
