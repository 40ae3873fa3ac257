"""A real book for one test: migrated, with a partition taken, and the words to put records in and to read what came of them."""

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

import services.ledger
from schemas.contract import EventData
from schemas.registry import parked_topic, topics_read_by, types_on
from services.kernel.clock import SystemClock
from services.kernel.envelope import Event, Outgoing, Record, RunPosition, deliver, encode, event_id
from services.kernel.migrate import migrate
from services.kernel.postgres import PostgresStore
from services.ledger.adapters.announcements import Announcements
from services.ledger.adapters.books import PostgresBooks
from services.ledger.adapters.positions import PostgresPositions
from services.ledger.handler import SERVICE, KeepBooks
from tests.support.kernel import headers

TOPIC, DECISIONS = topics_read_by(SERVICE)
TYPES = types_on([TOPIC, DECISIONS])
ROLES = ("ledger_app", "ledger_consumer")  # people, the service
TOPIC_ID, PARTITION = "topic-1", 3
MIGRATIONS = Path(services.ledger.__file__).with_name("migrations")


class Keeper:
    """One ledger process's way of writing: its own session, its own view of the positions."""

    def __init__(self, url: str) -> None:
        self.store = PostgresStore(url, SERVICE, pool_size=1)
        self.positions = PostgresPositions(self.store)
        self.books = PostgresBooks(self.store, self.positions)
        self.keep = KeepBooks(self.books, parked_topic(SERVICE), SystemClock())

    def take(self, partition: int = PARTITION) -> int | None:
        """Own the partition."""
        return self.positions.take(TOPIC, TOPIC_ID, partition)


class Shelf:
    """The database of a ledger, and what a test does with it."""

    def __init__(self, admin_url: str, migrations: Path | None = MIGRATIONS) -> None:
        """`migrations` = None: the schema is there."""
        if migrations is not None:
            migrate(admin_url, SERVICE, migrations, with_outbox=True)
        self.admin_url = admin_url
        self.url, self.consumer_url = (make_conninfo(admin_url, user=role) for role in ROLES)
        self._give_passwords(conninfo_to_dict(admin_url).get("password"))
        self._keepers: list[Keeper] = []
        self._stores: list[PostgresStore] = []
        self._offsets = {partition: itertools.count() for partition in range(24)}
        self.keeper = self.new_keeper()
        self.keeper.take()

    def new_keeper(self) -> Keeper:
        """Another process, before it takes anything."""
        self._keepers.append(Keeper(self.consumer_url))
        return self._keepers[-1]

    def new_announcements(self) -> Announcements:
        """Another relay."""
        self._stores.append(PostgresStore(self.consumer_url, SERVICE, pool_size=1))
        return Announcements(self._stores[-1])

    def receive(self, *said: Event[Any] | Outgoing | Record, partition: int = PARTITION) -> list[Record]:
        """What is said arrives in one poll, at the next offsets (a record at its own); the records, to let them arrive again."""
        arrived = [one if isinstance(one, Record) else self.record(one, partition) for one in said]
        self.keeper.keep([deliver(record, TYPES) for record in arrived])
        return arrived

    def record(self, said: Event[Any] | Outgoing, partition: int = PARTITION) -> Record:
        """An event or message as the broker would give it, at the partition's next offset."""
        message = said if isinstance(said, Outgoing) else encode(said, TOPIC)
        return Record(TOPIC, partition, next(self._offsets[partition]), 0, message.key, message.value, message.headers)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """Rows, as the administrator."""
        with psycopg.connect(self.admin_url) as connection:
            return connection.execute(query.encode()).fetchall()

    def tamper(self, statement: str) -> None:
        """What only a superuser can do: change the book behind its triggers."""
        with psycopg.connect(self.admin_url) as connection:
            connection.execute("set session_replication_role = replica")
            connection.execute(statement.encode())

    def open_company(self, company: str, partition: int = PARTITION) -> None:
        """The book knows a company before its first record, as its administrator can say."""
        self.tamper(f"insert into ledger.company (company_id, book) values ('{company}', {partition})")
        self.tamper(f"insert into ledger.account (company_id, code, label) select '{company}', code, label from ledger.chart")

    def close(self) -> None:
        """End every session."""
        for keeper in self._keepers:
            keeper.store.close()
        for store in self._stores:
            store.close()

    def _give_passwords(self, password: object) -> None:
        """Where the server asks for passwords, the roles have the administrator's."""
        if password:
            with psycopg.connect(self.admin_url) as connection:
                for role in ROLES:
                    statement = sql.SQL("alter role {} password {}").format(sql.Identifier(role), sql.Literal(str(password)))
                    connection.execute(statement)


def event(data: EventData, n: int | str = 1, run: tuple[str, int | None] | None = None) -> Event[Any]:
    """The n-th event that says this; `run` = its run and place."""
    position = RunPosition(*run) if run else None
    return Event(
        id=event_id("/achats/classifier", data.ce_type, data.subject, n), source="/achats/classifier", time=TIME, data=data, run=position
    )


TIME = "2026-03-11T08:00:00.000000Z"


class Broker:
    """A sender that keeps what it was given; `limits` = how many it acknowledges each time (all when there is no limit left)."""

    def __init__(self, limits: Sequence[int] = ()) -> None:
        self._limits = list(limits)
        self.messages: list[Outgoing] = []

    def send(self, messages: Sequence[Outgoing]) -> int:
        """Acknowledge the next limit's worth."""
        taken = messages[: self._limits.pop(0)] if self._limits else messages
        self.messages.extend(taken)
        return len(taken)

    def said(self, header: str = "ce_type") -> list[str]:
        """One header of every message."""
        return [headers(message).get(header, b"").decode() for message in self.messages]
