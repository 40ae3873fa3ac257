"""One service's schema with its inbox and outbox, in memory or in PostgreSQL, and what a test does to it from outside."""

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Protocol, cast

import psycopg
from psycopg import sql

from services.kernel import ports
from services.kernel.envelope import Outgoing
from services.kernel.migrate import migrate
from services.kernel.ports import Pending
from services.kernel.postgres import Outbox, PostgresStore, Transaction
from tests.simulation.memory.store import MemoryOutbox, MemorySession, MemoryStore, refuse_to_wait

WAITING = "select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')"
TABLES = "select tablename from pg_tables where schemaname = %s and tablename not like '%%yoyo%%' and tablename <> 'outbox_head'"


type Store = ports.Store[Transaction]


class Schema(Protocol):
    """Two processes of one service, with one schema."""

    @property
    def store(self) -> Store:
        """The store of the first process."""
        ...

    @property
    def elsewhere(self) -> Store:
        """The store of the second."""
        ...

    def outbox(self, store: Store) -> Pending:
        """What waits in the schema, as the relay of that process sees it."""
        ...

    def held_up(self, work: Callable[[], object], until: Callable[[], object]) -> bool:
        """Do the work; as soon as it waits for a locked row, or when it is done, do what frees the row. Whether the work waited."""
        ...

    def end_session(self, transaction: Transaction) -> None:
        """The server ends this transaction's session, as a failover does."""
        ...

    def vacuum(self) -> None:
        """What the server does by itself from time to time: the room of deleted rows is used again."""
        ...


class MemorySchema:
    """A memory store that both processes share."""

    def __init__(self, store: MemoryStore, outbox: type[MemoryOutbox] = MemoryOutbox) -> None:
        """`outbox` reads what waits in `store`."""
        self.memory, self._outbox = store, outbox
        self.store = self.elsewhere = store

    def outbox(self, store: Store) -> Pending:
        """One outbox is like the other."""
        return self._outbox(self.memory)

    def held_up(self, work: Callable[[], object], until: Callable[[], object]) -> bool:
        """One thread: the waiting work itself calls what frees the row."""
        freed = list[object]()

        def free() -> None:
            self.memory.wait = refuse_to_wait
            freed.append(until())

        self.memory.wait = free
        work()
        waited = bool(freed)
        if not waited:
            free()
        return waited

    def end_session(self, transaction: Transaction) -> None:
        """The twin of a session can be ended."""
        cast(MemorySession, transaction.connection).end()

    def vacuum(self) -> None:
        """Nothing to do."""


class PostgresSchema:
    """A schema of a real PostgreSQL, each process with its own pool."""

    def __init__(self, url: str, name: str, stores: Sequence[PostgresStore]) -> None:
        """`stores` are those of two processes."""
        self._url, self._name = url, name
        self.store, self.elsewhere = stores

    def outbox(self, store: Store) -> Pending:
        """The kernel's own."""
        assert isinstance(store, PostgresStore)
        return Outbox(store)

    def held_up(self, work: Callable[[], object], until: Callable[[], object]) -> bool:
        """Two threads and an onlooker, who asks the server whether a session waits for a lock."""
        with ThreadPoolExecutor(1) as elsewhere:
            working = elsewhere.submit(work)
            waited = self._comes_to_wait(working)
            until()
            working.result(timeout=30)
        return waited

    def end_session(self, transaction: Transaction) -> None:
        """From another session."""
        with psycopg.connect(self._url, autocommit=True) as other:
            other.execute("select pg_terminate_backend(%s)", [transaction.connection.info.backend_pid])

    def vacuum(self) -> None:
        """The whole database."""
        with psycopg.connect(self._url, autocommit=True) as other:
            other.execute("vacuum")

    def empty(self) -> None:
        """Every row goes, but those that migrations wrote."""
        with psycopg.connect(self._url) as other:
            tables = other.execute(TABLES, [self._name]).fetchall()
            names = sql.SQL(", ").join(sql.Identifier(self._name, table) for (table,) in tables)
            other.execute(sql.SQL("truncate {}").format(names))

    def _comes_to_wait(self, working: Future[object]) -> bool:
        with psycopg.connect(self._url, autocommit=True) as onlooker:
            while not working.done():
                if onlooker.execute(WAITING).fetchone() == (True,):
                    return True
        return False


@contextmanager
def postgres_schema(url: str, name: str, migrations: Path) -> Generator[PostgresSchema]:
    """The schema as the migrations make it, with the kernel's tables."""
    migrate(url, name, migrations, with_outbox=True)
    stores = [PostgresStore(url, name), PostgresStore(url, name)]
    yield PostgresSchema(url, name, stores)
    for store in stores:
        store.close()


class Abandoned(Exception):
    """A transaction is given up on purpose."""


@contextmanager
def given_up(store: Store) -> Generator[Transaction]:
    """A transaction that is rolled back in the end."""
    with suppress(Abandoned), store.transaction() as transaction:
        yield transaction
        raise Abandoned


def claims(store: Store, event_id: str) -> bool:
    """Claim the event in a transaction of its own; whether it was new."""
    with store.transaction() as transaction:
        return transaction.claim(event_id)


def say(store: Store, *messages: Outgoing) -> None:
    """Announce these in a transaction of their own."""
    with store.transaction() as transaction:
        for message in messages:
            transaction.send(message)


def drained(schema: Schema) -> list[Outgoing]:
    """Everything that waits, sent and acknowledged, in the order in which it was sent."""
    sent = list[Outgoing]()

    def send(messages: Sequence[Outgoing]) -> int:
        sent.extend(messages)
        return len(messages)

    while schema.outbox(schema.store).turn(100, send):
        pass
    return sent
