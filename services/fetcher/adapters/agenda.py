"""When the regular runs of connections are due, in PostgreSQL, inside one transaction."""

from dataclasses import dataclass
from datetime import datetime

from services.fetcher.adapters.queries import Queries
from services.fetcher.domain.records import Connection
from services.fetcher.domain.schedule import REGULAR, next_slot
from services.kernel.postgres import Transaction

QUERIES = Queries("agenda.sql")


@dataclass(frozen=True, slots=True)
class Due:
    """A regular run whose time has come."""

    connection_id: str
    kind: str
    due_at: datetime


class Agenda:
    """What one transaction reads and writes of it."""

    def __init__(self, transaction: Transaction) -> None:
        """Lives as long as the transaction."""
        self._session = transaction.connection

    def begin(self, connection: Connection, now: datetime) -> None:
        """Plan the connection's regular runs, unless they are."""
        slots = [{"kind": kind, "due_at": next_slot(kind, connection.company_id, now)} for kind in REGULAR]
        QUERIES.run_each(self._session, "begin_agenda", [{"connection_id": connection.connection_id, **slot} for slot in slots])

    def due(self, now: datetime, limit: int) -> list[Due]:
        """At most so many of those that are due and nobody else is starting; they stay ours until the commit."""
        return [Due(**row) for row in QUERIES.rows(self._session, "due", now=now, limit=limit)]

    def put_off(self, due: Due, until: datetime) -> None:
        """When it is due next."""
        QUERIES.run(self._session, "put_off", connection_id=due.connection_id, kind=due.kind, due_at=until)
