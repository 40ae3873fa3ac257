"""A store without room, and a store whose objects are damaged: no event without its document, and all of it comes once there is room."""

import os
import subprocess
import threading
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import pytest
from obstore.exceptions import GenericError
from obstore.store import ObjectStore
from structlog.testing import capture_logs

from services.fetcher.adapters import documents
from services.fetcher.adapters.documents import DocumentShelf
from services.fetcher.domain.identity import sha256_of
from services.kernel.errors import Unavailable
from tests.integration.fetcher.place import Place, acme
from tests.integration.fetcher.scripted import Scripted, charge, collect, collect_of, detail
from tests.integration.fetcher.test_jobs import wait_until

ORDERS = [f"171-000000{number}-0000001" for number in (1, 2, 3)]
FULL = "Generic LocalFileSystem error: Unable to copy data to file: No space left on device (os error 28)\n\nDebug source: …"
TRY_AT_ONCE = "update procrastinate_jobs set scheduled_at = now() where status = 'todo' and scheduled_at > now() returning id"
PDFS = {order: f"%PDF-FR-{number} ".encode() + bytes(60_000) for number, order in enumerate(ORDERS, 1)}


def three_orders() -> Scripted:
    """Three invoices of 60 kB each."""
    charges = [charge(f"L{number}", order) for number, order in enumerate(ORDERS, 1)]
    return Scripted(charges, {f"L{number}": [detail(f"FR-{number}")] for number in (1, 2, 3)}, dict(PDFS))


def connected(place: Place) -> str:
    """The first run of a connected company."""
    place.enter(acme())
    place.browser().connect("Atelier Lumière SAS")
    return place.runs()[0]


def nothing_half_done(place: Place) -> None:
    """The run is open, nothing is said of it, and what the store holds is whole: each object's bytes have its name's hash."""
    assert [] == place.said("invoice.collected", "collection.finished")
    assert [{"state": "collecting"}] == place.rows("select state from run")
    stored = {file.stem: sha256_of(file.read_bytes()) for file in (place.folder / "documents").rglob("*.pdf")}
    assert {row["sha256"] for row in place.rows("select sha256 from document")} <= set(stored)
    assert [] == [name for name, sha256 in stored.items() if name != sha256]


def everything_came(place: Place) -> None:
    """Three events, numbered, each with its stored bytes; a marker that waits for nothing."""
    said = place.said("invoice.collected")
    assert ["1", "2", "3"] == [seq for _, seq, _ in said]
    assert {sha256_of(pdf) for pdf in PDFS.values()} == {data["document"]["sha256"] for _, _, data in said}
    for _, _, data in said:
        kept = (place.folder / "documents" / data["document"]["object_key"]).read_bytes()
        assert data["document"]["sha256"] == sha256_of(kept)
    [(_, _, marker)] = place.said("collection.finished")
    assert (3, []) == (marker["emitted"], marker["waiting"])


@contextmanager
def mounted(folder: Path, kilobytes: int) -> Generator[None]:
    """A file system of that size; unmounted whatever happens. Skips the test where mounting is refused."""
    folder.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", folder], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"mounting is refused here, the injected variant runs: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount; the injected variant runs")
def test_a_full_disk_ends_no_run_and_loses_nothing(place: Place) -> None:
    """
    200 kB of room for three PDFs of 60 kB and a file of 100 kB
    the job fails as worth many tries; once the file is gone, the same job completes
    """
    run_id, scripted = connected(place), three_orders()
    with mounted(place.folder / "documents", 200):
        filler = place.folder / "documents" / "filler"
        filler.write_bytes(bytes(100_000))
        with pytest.raises(Unavailable, match="No space left on device"):
            collect(place, scripted, run_id)
        nothing_half_done(place)
        filler.unlink()
        collect(place, scripted, run_id)
        everything_came(place)


def test_a_store_that_refuses_is_tried_again_by_the_queue(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """The store says ENOSPC at the second document, as obstore words it; the queue runs the job again, and it completes."""
    run_id, scripted = connected(place), three_orders()
    room = threading.Event()
    really, put = documents.obstore.put, list[str]()

    def put_or_refuse(store: ObjectStore, key: str, data: bytes, *, mode: Literal["create", "overwrite"]) -> object:
        put.append(key)
        if len(put) > 1 and not room.is_set():
            raise GenericError(FULL)
        return really(store, key, data, mode=mode)

    monkeypatch.setattr(documents.obstore, "put", put_or_refuse)
    stop = threading.Event()
    with capture_logs() as logged:
        worker = place.worker(collect_of(place, scripted))
        thread = threading.Thread(target=worker.run, args=(stop,), daemon=True)
        thread.start()
        wait_until(lambda: [one for one in logged if one["event"] == "job_failed"])
        nothing_half_done(place)
        room.set()
        wait_until(lambda: place.rows(TRY_AT_ONCE))
        wait_until(lambda: place.said("collection.finished"))
        stop.set()
        thread.join(10)
    failed = next(one for one in logged if one["event"] == "job_failed")
    assert ({"run_id": run_id}, False) == (failed["job"], failed["last"])
    assert "No space left on device" in failed["trouble"]
    everything_came(place)


def test_half_an_object_is_written_again(tmp_path: Path) -> None:
    """A name without its bytes, as a power cut leaves it: never counted as stored, whatever was begun under that name."""
    shelf = DocumentShelf(f"file://{tmp_path}")
    pdf = PDFS[ORDERS[0]]
    kept = tmp_path / shelf.keep(pdf).object_key
    for left in (b"", pdf[:30_000]):
        kept.write_bytes(left)
        shelf.keep(pdf)
        assert pdf == kept.read_bytes()
    assert [kept] == [file for file in tmp_path.rglob("*") if file.is_file()]


def test_bytes_that_hold_no_document_are_kept_once_and_no_bytes_are_not(tmp_path: Path) -> None:
    """The same payload twice, another, an empty one."""
    shelf = DocumentShelf(f"file://{tmp_path}")
    for payload in (b"<html>", b"<html>", b"{}", b""):
        shelf.keep_unreadable(payload)
    assert sorted([b"<html>", b"{}"]) == sorted(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
