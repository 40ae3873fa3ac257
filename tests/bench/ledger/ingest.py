"""A full page of the service: decoded, posted, written by the shipped adapter; and its database part beside COPY of the same bytes."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import date

import psycopg

from schemas.registry import parked_topic
from services.kernel.clock import SystemClock
from services.kernel.envelope import Delivery, Record, deliver, encode
from services.kernel.postgres import PostgresStore
from services.ledger.adapters.books import QUERIES, PostgresBooks
from services.ledger.adapters.positions import PostgresPositions
from services.ledger.domain.posting import post
from services.ledger.handler import SERVICE, KeepBooks, Page
from tests.bench.ledger.books import Book, book, copy, open_batch
from tests.bench.ledger.figures import Figure, Turns, Write, share
from tests.bench.ledger.made import BATCH
from tests.integration.ledger.shelf import PARTITION, TOPIC, TOPIC_ID, TYPES, event
from tests.support.local import SessionDatabase
from tests.unit.ledger.documents import invoice

ROUNDS, BLOCK = 5, 4
ROWS = [("606400", 100_00, "20"), ("606300", 50_00, "20")]
ENTRIES, VERSIONS = QUERIES.copy_entries.sql, QUERIES.copy_versions.sql
OUT = {
    "entries": "select {entry_columns} from ledger.entry where entry_id >> 20 = {batch} order by entry_id",
    "versions": "select {invoice_columns} from ledger.invoice where batch_id = {batch} order by record_offset",
    "bare_entries": "select entry_id, company_id, invoice_id, revision, journal, entry_date, piece_ref, piece_date, label, source_key "
    "from ledger.entry where entry_id >> 20 = {batch} order by entry_id",
    "bare_lines": "select entry_id, n, account, auxiliary, debit_cents - credit_cents, vat_rate from ledger.line "
    "where entry_id >> 20 = {batch} order by entry_id, n",
}


class Timed(PostgresBooks):
    """The shipped books; how long `record` took."""

    seconds = 0.0

    def record(self, page: Page) -> None:
        """The same."""
        began = time.perf_counter()
        super().record(page)
        self.seconds += time.perf_counter() - began


@dataclass(frozen=True, slots=True)
class Said:
    """A batch as text, in both shapes."""

    entries: bytes
    versions: bytes
    bare_entries: bytes
    bare_lines: bytes


def ingest(server: SessionDatabase) -> Iterator[Figure]:
    """Microseconds per invoice of each step, then the database part as a share of bare COPY."""
    with ExitStack() as stack:
        shipped, replayed = stack.enter_context(book(server)), stack.enter_context(book(server))
        yield from _shipped(shipped)
        said = {number: _said(shipped, number) for number in range(1, ROUNDS * BLOCK + 1)}
        ways: dict[str, Write] = {
            "bare": lambda n: _write_bare(replayed.administrator, said[n]),
            "replayed": lambda n: _replay(replayed, said[n], n),
        }
        taken = Turns(ROUNDS, BLOCK, replayed.checkpoint, lambda _: None)(ways)
        yield Figure("database part of a full page", share(taken["bare"], taken["replayed"]), "of bare", 0.45)
        size = replayed.number("select pg_total_relation_size('ledger.invoice')")
        yield Figure("bytes of an invoice version, indexes included", size / (BATCH * ROUNDS * BLOCK), "bytes")


def _shipped(target: Book) -> Iterator[Figure]:
    """Every page through the handler."""
    QUERIES.release_position(target.session, topic_id=TOPIC_ID, partition=PARTITION, epoch=1)
    target.session.commit()
    with closing(PostgresStore(target.consumer_url, SERVICE, pool_size=1)) as store:
        positions = PostgresPositions(store)
        positions.take(TOPIC, TOPIC_ID, PARTITION)
        books, decoding = Timed(store, positions), 0.0
        keep = KeepBooks(books, parked_topic(SERVICE), SystemClock())
        posting = 0.0
        for number in range(ROUNDS * BLOCK):
            records = [_record(number * BATCH + place) for place in range(BATCH)]
            began = time.process_time()
            deliveries = [deliver(record, TYPES) for record in records]
            decoding += time.process_time() - began
            posting += _posting(deliveries)
            keep(deliveries)
    per_invoice = 1e6 / (ROUNDS * BLOCK * BATCH)
    yield Figure("decode, an invoice", decoding * per_invoice, "µs processor")
    yield Figure("posting, an invoice", posting * per_invoice, "µs processor")
    yield Figure("decode and posting together", (decoding + posting) * per_invoice, "µs processor", 30, at_least=False)
    yield Figure("PostgresBooks.record, an invoice, by the clock", books.seconds * per_invoice, "µs")


def _posting(deliveries: list[Delivery]) -> float:
    began = time.process_time()
    for delivery in deliveries:
        assert delivery.event is not None
        post(delivery.event.data)
    return time.process_time() - began


def _record(number: int) -> Record:
    said = invoice(ROWS, invoice_id=f"inv-{number:024x}", number=f"FR-2026-{number:07}", issue_date=date(2026, 3, 1 + number % 28))
    message = encode(event(said, run=("R-1", number + 1)), TOPIC)
    return Record(TOPIC, PARTITION, number, 0, message.key, message.value, message.headers)


def _said(shipped: Book, batch: int) -> Said:
    columns = {"entry_columns": _columns(ENTRIES), "invoice_columns": _columns(VERSIONS), "batch": batch}
    return Said(**{name: _out(shipped.administrator, query.format(**columns)) for name, query in OUT.items()})


def _out(session: psycopg.Connection, query: str) -> bytes:
    with session.cursor() as cursor, cursor.copy(f"copy ({query}) to stdout".encode()) as rows:
        return b"".join(bytes(row) for row in rows)


def _columns(statement: str) -> str:
    return statement.partition("(")[2].rpartition(")")[0]


def _replay(target: Book, said: Said, number: int) -> None:
    open_batch(target, number * BATCH - BATCH, number)
    copy(target.session, ENTRIES, said.entries)
    copy(target.session, VERSIONS, said.versions)
    target.session.commit()


def _write_bare(session: psycopg.Connection, said: Said) -> None:
    with session.transaction():
        copy(session, "copy bare.entry from stdin", said.bare_entries)
        copy(session, "copy bare.line from stdin", said.bare_lines)
        copy(session, VERSIONS.replace("ledger.invoice", "bare.invoice"), said.versions)
