"""PostgreSQL: transactions, the inbox that makes events count once, and the outbox that announces what was committed."""

import zlib
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import aiosql
from psycopg import Connection, DatabaseError, DataError, IntegrityError, OperationalError
from psycopg.errors import IdleInTransactionSessionTimeout
from psycopg_pool import ConnectionPool

from services.kernel.breaker import Trip
from services.kernel.envelope import Outgoing, Place
from services.kernel.errors import Refused, Skipped, Unavailable

STRIPES, CONNECT_SECONDS = 24, 10.0
CONTENT_REFUSED = ("22", "23", "54")  # classes of SQLSTATE: data, constraints, program limits
QUERIES: Any = aiosql.from_path(Path(__file__).with_name("outbox.sql"), "psycopg")
BREAKER: Any = aiosql.from_path(Path(__file__).with_name("breaker.sql"), "psycopg")
# A line that swallows every packet is given up after 15 to 25 s; whoever vanished amid a transaction holds its locks for a minute at most.
LINE: dict[str, Any] = {"connect_timeout": int(CONNECT_SECONDS), "tcp_user_timeout": 15_000, "keepalives_idle": 5, "keepalives_interval": 5}
WAITS = "-c lock_timeout=30s -c idle_in_transaction_session_timeout=60s"


class Transaction:
    """One transaction of a service that has an inbox and an outbox."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._outgoing: list[Outgoing] = []

    def claim(self, event_id: str) -> bool:
        """Take the event; False when it has been handled before."""
        return bool(QUERIES.claim(self.connection, event_id=event_id))

    def send(self, message: Outgoing) -> None:
        """Announce this when, and only when, the transaction commits; order per key is commit order."""
        self._outgoing.append(message)

    def write_outbox(self) -> None:
        """Put what was sent into the outbox. The last statements before the commit: they lock the stripes, in one order."""
        for stripe in sorted({stripe_of(message) for message in self._outgoing}):
            messages = [message for message in self._outgoing if stripe_of(message) == stripe]
            last: int = QUERIES.next_places(self.connection, stripe=stripe, count=len(messages))
            QUERIES.put(self.connection, [_row(stripe, seq, message) for seq, message in enumerate(messages, last - len(messages) + 1)])
        self._outgoing.clear()


class PostgresStore:
    """A pool of connections to one schema."""

    def __init__(self, url: str, schema: str, pool_size: int = 4) -> None:
        """Connects lazily; `url` needs no search path."""
        options = {**LINE, "options": f"-c search_path={schema} {WAITS}"}
        self._pool = ConnectionPool(url, min_size=1, max_size=pool_size, kwargs=options, open=True, timeout=CONNECT_SECONDS)

    @contextmanager
    def connection(self) -> Generator[Connection]:
        """One transaction. Raises Unavailable (the database does not answer, or gives it up), Refused (it takes not what is written)."""
        try:
            with self._pool.connection() as connection:
                yield connection
        except DatabaseError as trouble:
            if isinstance(trouble, DataError | IntegrityError) or (trouble.sqlstate or "").startswith(CONTENT_REFUSED):
                raise Refused(str(trouble).splitlines()[0]) from trouble
            if isinstance(trouble, OperationalError | IdleInTransactionSessionTimeout):
                raise Unavailable("PostgreSQL", str(trouble).splitlines()[0]) from trouble
            raise

    @contextmanager
    def transaction(self) -> Generator[Transaction]:
        with self.connection() as connection:
            transaction = Transaction(connection)
            yield transaction
            transaction.write_outbox()

    def close(self) -> None:
        self._pool.close()


class PostgresBreaker:
    """The rows of a service's schema that stop it, and those that name records to skip."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store

    def tripped(self) -> bool:
        """Whether a trip waits for an operator."""
        with self._store.connection() as connection:
            return BREAKER.tripped(connection)

    def trip(self, trip: Trip) -> None:
        """Write the trip down unless one is open."""
        with self._store.connection() as connection:
            BREAKER.trip(connection, **asdict(trip))

    def skips(self) -> Mapping[Place, Skipped]:
        """Every record an operator asked to skip."""
        with self._store.connection() as connection:
            rows = list(BREAKER.skips(connection))
        return {(topic, partition, offset): Skipped(asked_by, why) for topic, partition, offset, asked_by, why in rows}


class Outbox:
    """What waits in the outbox, as a relay wants it: one stripe at a time, in commit order."""

    def __init__(self, store: PostgresStore) -> None:
        self._store = store

    def turn(self, limit: int, send: Callable[[Sequence[Outgoing]], int]) -> int:
        """Announce up to `limit` messages of each stripe with news and delete what was acknowledged. Another relay's stripe is its own."""
        with self._store.connection() as connection:
            waiting = [row[0] for row in QUERIES.stripes_with_news(connection)]
        return sum(self._announce(stripe, limit, send) for stripe in waiting)

    def _announce(self, stripe: int, limit: int, send: Callable[[Sequence[Outgoing]], int]) -> int:
        with self._store.connection() as connection:
            if not QUERIES.lock_stripe(connection, stripe=stripe):
                return 0
            rows = list(QUERIES.waiting(connection, stripe=stripe, limit=limit))
            messages = [Outgoing(topic, key, value, tuple(zip(names, values, strict=True))) for _, topic, key, value, names, values in rows]
            acknowledged = send(messages)
            if acknowledged:
                QUERIES.forget(connection, stripe=stripe, through=rows[acknowledged - 1][0])
            return acknowledged


def stripe_of(message: Outgoing) -> int:
    """The stripe of a message: messages of one key share one, so that they are announced in order."""
    return zlib.crc32(message.key or b"") % STRIPES


def _row(stripe: int, seq: int, message: Outgoing) -> Mapping[str, object]:
    names, values = [name for name, _ in message.headers], [value for _, value in message.headers]
    place = {"stripe": stripe, "seq": seq}
    return place | {"topic": message.topic, "key": message.key, "value": message.value, "names": names, "values": values}
