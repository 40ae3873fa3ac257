"""What comes instead of documents: each order waits for a stated reason, its bytes are kept, the others go on, and the run finishes."""

import gzip
from collections import Counter
from collections.abc import Sequence

import pytest
from structlog.testing import capture_logs

from services.fetcher.adapters.collection import PostgresProgress
from services.fetcher.domain import unpacking
from services.fetcher.domain.identity import sha256_of
from services.fetcher.domain.unpacking import TooLarge
from services.fetcher.stages.ports import NotDelivered
from tests.integration.fetcher.place import Place, acme
from tests.integration.fetcher.scripted import Scripted, charge, collect, detail
from tests.unit.fetcher.test_unpacking import zipped

A = b"%PDF-FR-99 beside"
PROTECTED = bytearray(zipped(A))
PROTECTED[PROTECTED.find(b"PK\x01\x02") + 8] |= 1

PAYLOADS = {
    "EmptyPayload": b"",
    "EmptyArchive": gzip.compress(zipped()),
    "EmptyPayload inside": zipped(A, b""),
    "TooLarge gzip": gzip.compress(A + bytes(3_000_000)),
    "TooLarge zip": zipped(A + bytes(3_000_000)),
    "TooLarge together": zipped(*[A + bytes(900_000)] * 3),
    "TooDeep": gzip.compress(zipped(zipped(zipped(zipped(A))))),
    "TooManyEntries": zipped(*[A] * 10_000),
    "EncryptedArchive": bytes(PROTECTED),
    "Truncated gzip": gzip.compress(zipped(A))[:-9],
    "Truncated zip": zipped(A)[:-9],
    "Damaged": gzip.compress(zipped(A)) + b"<!-- ad -->",
    "NotADocument html": b"<html><body>Sorry</body></html>",
    "NotADocument json": b'{"errors": []}',
    "NotADocument xml": b"<?xml version='1.0'?><Error><Code>AccessDenied</Code></Error>",
    "NotADocument beside": zipped(A, b"thumbs", names=["FR-99.pdf", "Thumbs.db"]),
}
"""By the error's name, and which of its kind."""

REASONS = {
    "archive_empty": 1,
    "payload_damaged": 1,
    "payload_empty": 2,
    "payload_encrypted": 1,
    "payload_no_document": 4,
    "payload_too_large": 5,
    "payload_truncated": 2,
}

GOOD = zipped(b"%PDF-FR-0", names=["../../etc/x.pdf"])


def order(number: int) -> str:
    """The n-th order."""
    return f"171-{number:07}-0000001"


def account(payloads: Sequence[bytes]) -> Scripted:
    """An order and a stated number for each payload."""
    orders = [order(number) for number in range(len(payloads))]
    charges = [charge(f"L{number}", order) for number, order in enumerate(orders)]
    details = {f"L{number}": [detail(f"FR-{number}")] for number in range(len(payloads))}
    return Scripted(charges, details, dict(zip(orders, payloads, strict=True)))


@pytest.fixture
def run_id(place: Place) -> str:
    """The first run of a connected company."""
    place.enter(acme())
    place.browser().connect("Atelier Lumière SAS")
    return place.runs()[0]


def numbers(place: Place) -> list[str]:
    """The numbers that were said."""
    return sorted(data["stated"]["number"]["value"] for _, _, data in place.said("invoice.collected"))


def test_every_odd_payload_waits_with_its_bytes_and_its_reason(place: Place, run_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """
    sixteen orders with odd payloads under a bound of 2 MB, and one whose file calls itself ../../etc/x.pdf
    one invoice; each other order waits for the reason that its payload is; each payload kept under its hash; the log names order and error
    next day: all are whole, and all seventeen are there, each once
    """
    monkeypatch.setattr(unpacking, "MAX_UNPACKED_BYTES", 2_000_000)
    scripted = account([GOOD, *PAYLOADS.values()])
    with capture_logs() as logged:
        collect(place, scripted, run_id)
    [(_, _, marker)] = place.said("collection.finished")
    assert (["FR-0"], 1, REASONS) == (numbers(place), marker["emitted"], {one["reason"]: one["count"] for one in marker["waiting"]})
    [connection_id] = {row["connection_id"] for row in place.rows("select connection_id from connection")}
    shown = Counter(wait.reason.value for wait in PostgresProgress(place.store).waiting(connection_id))
    assert REASONS == shown
    kept = {file.name: file.read_bytes() for file in (place.folder / "documents" / "unreadable").glob("*/*")}
    assert {sha256_of(payload): payload for payload in PAYLOADS.values() if payload} == kept
    assert [(order(number), name.split()[0]) for number, name in enumerate(PAYLOADS, 1)] == sorted(
        (one["order_id"], one["trouble"]) for one in logged if one["event"] == "payload_unreadable"
    )
    everywhere = [file.name for file in place.folder.rglob("*") if file.name in ("x.pdf", "FR-99.pdf")]
    assert [] == everywhere, "names in an archive are no names of files"

    scripted.payloads = {order(number): zipped(b"%PDF-FR-" + str(number).encode()) for number in range(17)}
    place.days_pass(1)
    collect(place, scripted, place.start_daily_run("2026-11-24"))
    assert sorted(f"FR-{number}" for number in range(17)) == numbers(place)
    assert [] == place.said("collection.finished")[-1][2]["waiting"]


def test_a_download_that_never_works_holds_nobody_up(place: Place, run_id: str) -> None:
    """
    one link is refused twice and then works; one is always refused; one download is larger than memory should hold
    the last two wait for tomorrow and the log says which they are, the run waits for nothing more; tomorrow they come
    """
    scripted = account([b"%PDF-FR-0", b"%PDF-FR-1", b"%PDF-FR-2", b"%PDF-FR-3"])
    refused = NotDelivered("the link was refused twice", 403)
    scripted.troubles = {order(1): [refused] * 2, order(2): [refused] * 7, order(3): [TooLarge()]}
    with capture_logs() as logged:
        collect(place, scripted, run_id)
    assert ["FR-0", "FR-1"] == numbers(place)
    [(_, _, marker)] = place.said("collection.finished")
    waiting = [{"reason": "document_undelivered", "count": 1}, {"reason": "payload_too_large", "count": 1}]
    assert waiting == marker["waiting"]
    undelivered = [one["order_id"] for one in logged if one["event"] == "payload_not_delivered"]
    assert (2, 7) == (undelivered.count(order(1)), undelivered.count(order(2)))
    assert [(order(3), "TooLarge")] == [(one["order_id"], one["trouble"]) for one in logged if one["event"] == "payload_unreadable"]
    place.days_pass(1)
    collect(place, scripted, place.start_daily_run("2026-11-24"))
    assert ["FR-0", "FR-1", "FR-2", "FR-3"] == numbers(place)
