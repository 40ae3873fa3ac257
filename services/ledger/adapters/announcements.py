"""The book is the outbox: each book's sealed batches, in the order of their seals, announced once every in-sync replica has them."""

from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiosql
from psycopg import Connection
from pydantic import ValidationError

from services.kernel.clock import instant
from services.kernel.envelope import Outgoing
from services.kernel.errors import KernelError, Refused, TooLarge
from services.kernel.ports import Pending
from services.kernel.postgres import PostgresStore
from services.ledger.adapters.life_rows import FateRow, fate_message
from services.ledger.adapters.rows import (
    FinishedRow,
    VersionRow,
    finished_message,
    following_message,
    parked_message,
    version_messages,
    view_message,
)

RECORDS = {"VersionRow": VersionRow, "FinishedRow": FinishedRow, "FateRow": FateRow}
QUERIES: Any = aiosql.from_path(Path(__file__).with_name("announcements.sql"), "psycopg", record_classes=RECORDS)

type Send = Callable[[Sequence[Outgoing]], int]
type Batch = tuple[int, list[Outgoing]]  # place in the book, messages
type Said = list[tuple[int, list[Outgoing]]]  # offset of the record, messages


class Altered(KernelError):
    """The rows of the book are not what was sealed."""


class Announcements:
    """The kernel's `Pending` over the book. A crash between sending and marking sends the same events again, under the same ids."""

    def __init__(self, store: PostgresStore) -> None:
        """Reads and marks as the role `ledger_consumer`."""
        self._store = store

    def turn(self, limit: int, send: Send) -> int:
        """Announce about `limit` messages of each book with news (whole batches). Raises Altered when rows differ from their seal."""
        with self._store.connection() as connection:
            books = [row[0] for row in QUERIES.books_with_news(connection)]
        return sum(self._announce(book, limit, send) for book in books)

    def _announce(self, book: int, limit: int, send: Send) -> int:
        with self._store.connection() as connection:
            if not QUERIES.lock_book(connection, book=book):
                return 0
            seq, sent, sealed = QUERIES.place(connection, book=book)
            batches = _waiting(connection, book, range(seq + 1, sealed + 1), limit + sent)
            messages = [message for _, said in batches for message in said][sent:]
            acknowledged = send(messages) if messages else 0
            seq, sent = _reached(batches, seq, sent + acknowledged)
            QUERIES.mark(connection, book=book, seq=seq, sent=sent)
            return acknowledged


class InTurn:
    """Several places where something waits to be announced, as one: the books first, then what is said beside them."""

    def __init__(self, *several: Pending) -> None:
        """In the order of their turns."""
        self._several = several

    def turn(self, limit: int, send: Send) -> int:
        """A turn of each. Raises what theirs raise."""
        return sum(one.turn(limit, send) for one in self._several)


def _waiting(connection: Connection, book: int, places: Iterable[int], limit: int) -> list[Batch]:
    """The batches at these places, until they hold `limit` messages."""
    batches, count = list[Batch](), 0
    for seq in places:
        batches.append((seq, _messages(connection, book, seq)))
        count += len(batches[-1][1])
        if count >= limit:
            break
    return batches


def _reached(batches: Sequence[Batch], seq: int, sent: int) -> tuple[int, int]:
    """The last batch that is announced whole, and how many messages of the next one are, when `sent` of all are."""
    for place, messages in batches:
        if sent < len(messages):
            break
        seq, sent = place, sent - len(messages)
    return seq, sent


def ensure_sayable(connection: Connection, batch_id: int) -> None:
    """Build what a batch of records will say, before it is sealed for ever. Raises Refused: its contracts do not take it."""
    with _sayable():
        _versions(connection, batch_id, instant(datetime.now(UTC)))


def ensure_deed_sayable(connection: Connection, batch_id: int) -> None:
    """The same for a person's batch. Raises Refused."""
    with _sayable():
        _versions(connection, batch_id, instant(datetime.now(UTC)))
        _fates(connection, batch_id, instant(datetime.now(UTC)))


@contextmanager
def _sayable() -> Generator[None]:
    try:
        yield
    except (ValidationError, TooLarge) as unsayable:
        raise Refused("it cannot be announced", str(unsayable).splitlines()[0]) from unsayable


def _versions(connection: Connection, batch_id: int, recorded_at: str) -> Said:
    """What a batch that is not sealed yet would say of each invoice, with the offset of the record it comes from."""
    said = [(row.record_offset, version_messages(row, recorded_at)) for row in QUERIES.versions(connection, batch_id=batch_id)]
    return said + _following(connection, batch_id, recorded_at)


def _following(connection: Connection, batch_id: int, recorded_at: str) -> Said:
    """The entries of the batch that follow one of its invoices'."""
    return [(row.record_offset, [following_message(row, recorded_at)]) for row in QUERIES.following(connection, batch_id=batch_id)]


def _sealed_versions(connection: Connection, batch_id: int, recorded_at: str) -> Said:
    """The same of a sealed one, with what had become of the invoices' entries by then."""
    past = {offset: {"fates": fates, "life": life} for offset, fates, life in QUERIES.standings(connection, batch_id=batch_id)}
    rows: list[VersionRow] = [replace(row, **past.get(row.record_offset, {})) for row in QUERIES.versions(connection, batch_id=batch_id)]
    return [(row.record_offset, version_messages(row, recorded_at)) for row in rows] + _following(connection, batch_id, recorded_at)


def _lives(connection: Connection, batch_id: int, recorded_at: str) -> list[Outgoing]:
    """How the invoices stand whose entries a person's batch made final or turned round."""
    return [view_message(row, recorded_at) for row in QUERIES.lives(connection, batch_id=batch_id)]


def _fates(connection: Connection, batch_id: int, recorded_at: str) -> list[Outgoing]:
    """What a person's batch says of the entries that met their fate in it."""
    return [fate_message(row, recorded_at) for row in QUERIES.fates(connection, batch_id=batch_id)]


def _messages(connection: Connection, book: int, seq: int) -> list[Outgoing]:
    """What a batch has to say: fates, the invoices they changed, its records in their order, the runs it finished. Raises Altered."""
    link = QUERIES.link(connection, book=book, seq=seq)
    if link is None:
        raise Altered(f"book {book}, place {seq}: the batch is missing")
    batch_id, recorded_at, sound = link
    if not sound:
        raise Altered(f"book {book}, place {seq}, batch {batch_id}")
    said = _sealed_versions(connection, batch_id, instant(recorded_at))
    said += [(offset, [parked_message(*record)]) for offset, *record in QUERIES.parked(connection, batch_id=batch_id)]
    said.sort(key=lambda pair: pair[0])
    finished = [finished_message(row, instant(recorded_at)) for row in QUERIES.finished_runs(connection, batch_id=batch_id)]
    fates = _fates(connection, batch_id, instant(recorded_at)) + _lives(connection, batch_id, instant(recorded_at))
    return fates + [message for _, messages in said for message in messages] + finished
