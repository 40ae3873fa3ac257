"""One set of words for a book in memory and one in PostgreSQL: records come in, what came of them is compared."""

import itertools
import uuid
from abc import ABC, abstractmethod
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import psycopg
from psycopg import sql

from schemas.hold_lifted.v1 import HoldLifted
from schemas.line_recoded.v1 import LineRecoded
from schemas.registry import parked_topic
from schemas.supplier_merged.v1 import SupplierMerged
from services.kernel.clock import Clock, ScaledClock
from services.kernel.envelope import Delivery, Event, Outgoing, Record, deliver, encode
from services.kernel.migrate import migrate
from services.kernel.ports import Pending, Positions
from services.kernel.postgres import PostgresStore
from services.ledger.adapters.books import PostgresBooks
from services.ledger.adapters.positions import PostgresPositions, Tenure
from services.ledger.domain.posting import Line
from services.ledger.domain.standing import FiscalYear
from services.ledger.handler import SERVICE, Books, KeepBooks
from tests.integration.ledger.shelf import DECISIONS, MIGRATIONS, PARTITION, TOPIC, TOPIC_ID, TYPES, Broker, Shelf, event
from tests.simulation.memory.ledger import Parts
from tests.simulation.memory.ledger_rows import BookedEntry, Content
from tests.simulation.memory.ledger_schema import MemoryLedger, MemorySessions
from tests.support.local import SessionDatabase

CLOCK: Clock = ScaledClock(datetime(2026, 3, 11, 9, tzinfo=UTC), speed=0.0)
PARTS = Parts()
TOPIC_IDS = {TOPIC: TOPIC_ID, DECISIONS: "topic-2"}

Decision = SupplierMerged | LineRecoded | HoldLifted

type Said = Event[Any] | Outgoing | Record


class Tenures(Positions, Protocol):
    """Positions as the book knows them."""

    def tenure(self, topic: str, partition: int) -> Tenure | None:
        """The partition as it stands."""
        ...


class Sessions(Protocol):
    """A process's way to its database."""

    def connection(self) -> AbstractContextManager[Any]:
        """One transaction."""
        ...


@dataclass(frozen=True)
class Owner:
    """A ledger process's own parts."""

    sessions: Sessions
    positions: Tenures
    books: Books

    def take(self, partition: int = PARTITION, topic: str = TOPIC) -> int | None:
        """Own the partition."""
        return self.positions.take(topic, TOPIC_IDS[topic], partition)

    def keep(self, *deliveries: Delivery) -> None:
        """What the service's handler makes of them."""
        KeepBooks(self.books, parked_topic(SERVICE), CLOCK)(deliveries)

    def position(self, partition: int = PARTITION) -> int | None:
        """Where the partition stands."""
        return self.books.position(TOPIC, partition)


class Bookshelf(ABC):
    """A fresh schema whose partition 3 is taken by `owner`."""

    def __init__(self) -> None:
        self._offsets = {(topic, partition): itertools.count() for topic in TOPIC_IDS for partition in range(24)}
        self.owner = self.new_owner()
        self.owner.take()

    @abstractmethod
    def new_owner(self, beside: Owner | None = None) -> Owner:
        """Another process, or another owner on the session of one that is there."""

    @abstractmethod
    def new_relay(self) -> Pending:
        """Another relay."""

    @abstractmethod
    def content(self) -> Content:
        """All that the book says."""

    @abstractmethod
    def close_years(self) -> None:
        """An accountant closes every fiscal year."""

    @abstractmethod
    def end_session(self, owner: Owner) -> None:
        """The database ends the process's session, for reasons of its own."""

    @abstractmethod
    def busy(self, owner: Owner) -> AbstractContextManager[None]:
        """The process is in the middle of a transaction."""

    def deliveries(self, *said: Said, partition: int = PARTITION) -> list[Delivery]:
        """What is said, at the partition's next offsets (a record at its own)."""
        return [deliver(one if isinstance(one, Record) else self.record(one, partition), TYPES) for one in said]

    def receive(self, *said: Said, partition: int = PARTITION) -> list[Record]:
        """What is said arrives in one poll; the records, to let them arrive again."""
        arrived = self.deliveries(*said, partition=partition)
        self.owner.keep(*arrived)
        return [delivery.record for delivery in arrived]

    def record(self, said: Event[Any] | Outgoing, partition: int = PARTITION) -> Record:
        """An event or message as the broker would give it, at the next offset of the partition of its topic."""
        message = said if isinstance(said, Outgoing) else encode(said, DECISIONS if isinstance(said.data, Decision) else TOPIC)
        offset = next(self._offsets[message.topic, partition])
        return Record(message.topic, partition, offset, 0, message.key, message.value, message.headers)

    def decide(self, *said: Decision, partition: int = PARTITION) -> list[Record]:
        """People decided this, in one poll; the records."""
        if self.owner.books.position(DECISIONS, partition) is None:
            self.owner.take(partition, DECISIONS)
        return self.receive(*map(event, said), partition=partition)

    def announced(self) -> list[Outgoing]:
        """All that a relay which meets no trouble says."""
        broker, relay = Broker(), self.new_relay()
        while relay.turn(500, broker.send):
            pass
        return broker.messages


class MemoryBookshelf(Bookshelf):
    """The twin."""

    def __init__(self, parts: Parts = PARTS) -> None:
        """`parts` = what its processes are made of."""
        self.ledger, self._parts = MemoryLedger(CLOCK), parts
        super().__init__()

    def new_owner(self, beside: Owner | None = None) -> Owner:
        sessions = MemorySessions(self.ledger) if beside is None else beside.sessions
        assert isinstance(sessions, MemorySessions)
        positions = self._parts.positions(sessions)
        return Owner(sessions, positions, self._parts.books(self.ledger, sessions, positions, self._parts.check()))

    def new_relay(self) -> Pending:
        return self._parts.announcements(MemorySessions(self.ledger))

    def content(self) -> Content:
        return self.ledger.dump()

    def close_years(self) -> None:
        years: dict[Any, FiscalYear] = dict(self.ledger.rows["fiscal_year"])
        self.ledger.rows["fiscal_year"].update({key: replace(year, closed_through=year.ends) for key, year in years.items()})

    def end_session(self, owner: Owner) -> None:
        assert isinstance(owner.sessions, MemorySessions)
        owner.sessions.backend.end()

    @contextmanager
    def busy(self, owner: Owner) -> Generator[None]:
        with owner.sessions.connection():
            yield


class PostgresBookshelf(Bookshelf):
    """The real thing."""

    def __init__(self, admin_url: str, migrations: Path | None = MIGRATIONS) -> None:
        self.shelf = Shelf(admin_url, migrations)
        super().__init__()

    def new_owner(self, beside: Owner | None = None) -> Owner:
        store = self.shelf.new_keeper().store if beside is None else beside.sessions
        assert isinstance(store, PostgresStore)
        positions = PostgresPositions(store)
        return Owner(store, positions, PostgresBooks(store, positions))

    def new_relay(self) -> Pending:
        return self.shelf.new_announcements()

    def content(self) -> Content:
        with psycopg.connect(self.shelf.admin_url) as connection:
            rows = {name: connection.execute(query.encode()).fetchall() for name, query in CONTENT.items()}
        entries = [
            BookedEntry(row[0], row[1], row[2], tuple(Line(*columns) for columns in zip(*row[3:], strict=True)))
            for row in rows.pop("entries")
        ]
        return Content(
            entries=tuple(sorted(entries, key=lambda entry: entry.key)),
            finished=tuple((*row[:3], row[3:]) for row in sorted(rows.pop("finished"))),
            **{name: tuple(sorted(found, key=lambda row: row[: KEY_COLUMNS[name]])) for name, found in rows.items()},
        )

    def close_years(self) -> None:
        self.shelf.tamper("update ledger.fiscal_year set closed_through = ends")

    def end_session(self, owner: Owner) -> None:
        with owner.sessions.connection() as connection:
            number = connection.info.backend_pid
        self.shelf.ask(f"select pg_terminate_backend({number}, 5000)")

    @contextmanager
    def busy(self, owner: Owner) -> Generator[None]:
        with owner.sessions.connection() as connection:
            connection.execute("select 1")
            yield


CONTENT: Mapping[str, str] = {
    "entries": "select company_id, invoice_id, revision, account, auxiliary, cents, vat_rate, "
    "array_fill(currency, array[cardinality(cents)]), "
    "coalesce(currency_cents, array_fill(null::bigint, array[cardinality(cents)])) from ledger.entry order by entry_id",
    "versions": "select company_id, invoice_id, version, revision, outcome, hold_reason, entry_id is not null from ledger.invoice",
    "overtaken": "select company_id, invoice_id, revision, highest, event_id from ledger.overtaken",
    "outcomes": "select distinct on (company_id, run_id, runseq) company_id, run_id, runseq, kind from ledger.outcome "
    "order by company_id, run_id, runseq, attempt desc",
    "parked": "select b.partition, p.record_offset, p.topic, p.key, p.value from ledger.parked_record as p "
    "inner join ledger.batch as b using (batch_id)",
    "finished": "select company_id, run_id, revision, collected, recorded, no_entry, archived, held, parked, duplicates "
    "from ledger.run_finished",
    "suppliers": "select company_id, auxiliary, version, name, legal_name, vat_id, siren from ledger.supplier",
    "mergers": "select company_id, decision_id, auxiliary, into_auxiliary from ledger.supplier_merger",
    "aliases": "select company_id, auxiliary, kind, value from ledger.supplier_alias",
    "positions": "select topic_id, partition, next_offset from ledger.kafka_position",
}
KEY_COLUMNS = {"versions": 3, "overtaken": 5, "outcomes": 3, "parked": 2, "suppliers": 3, "mergers": 2, "aliases": 4, "positions": 2}
EMPTY = """
truncate ledger.company, ledger.account, ledger.fiscal_year, ledger.batch, ledger.entry, ledger.fate, ledger.counter,
    ledger.reversal, ledger.later_entry, ledger.period_event, ledger.paper, ledger.settlement, ledger.lettering,
    ledger.unlettering, ledger.supplier, ledger.supplier_alias, ledger.supplier_merger, ledger.todo, ledger.invoice, ledger.overtaken,
    ledger.outcome, ledger.run, ledger.run_marker, ledger.run_finished, ledger.parked_record, ledger.kafka_position, ledger.chain,
    ledger.inbox, ledger.outbox
    restart identity;
update ledger.chain_head set seq = default, hash = default;
update ledger.announced set seq = default, sent = default
"""


@contextmanager
def migrated(database: SessionDatabase) -> Generator[str]:
    """A database with the ledger's schema, for many books one after the other; its administrator's address."""
    name = f"books_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(database.admin_url, autocommit=True) as administrator:
        administrator.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        migrate(database.dsn(name), SERVICE, MIGRATIONS, with_outbox=True)
        yield database.dsn(name)
        administrator.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@contextmanager
def bookshelf(kind: str, migrated_url: str) -> Generator[Bookshelf]:
    """An empty shelf of this kind: `memory` or `real`."""
    if kind == "memory":
        yield MemoryBookshelf()
        return
    shelf = PostgresBookshelf(migrated_url, migrations=None)
    try:
        yield shelf
    finally:
        shelf.shelf.close()
        shelf.shelf.tamper(EMPTY)
