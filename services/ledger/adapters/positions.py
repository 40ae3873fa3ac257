"""Where the partitions stand: in the book itself, under an epoch that only the latest owner has."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiosql
from psycopg import Connection, DatabaseError
from psycopg.errors import InsufficientPrivilege

from services.kernel.errors import KernelError, Unavailable
from services.kernel.postgres import PostgresStore

QUERIES: Any = aiosql.from_path(Path(__file__).with_name("books.sql"), "psycopg")
FENCED = "LG001"


class Fenced(KernelError):
    """Another process owns this partition now."""


class NotTheConsumer(KernelError):
    """This role of the database keeps no books: the service runs as ledger_consumer (ACHATS_LEDGER_DATABASE_URL)."""


@dataclass(slots=True)
class Tenure:
    """A partition of ours: since which epoch, up to where it is booked, and on which database session."""

    topic_id: str
    epoch: int
    next_offset: int
    session: int


class PostgresPositions:
    """The kernel's `Positions`, kept with the entries. The store must have one connection: its session is what a successor ends."""

    def __init__(self, store: PostgresStore) -> None:
        """Shares `store` with the book that moves the positions."""
        self._store = store
        self._tenures = dict[tuple[str, int], Tenure]()

    def take(self, topic: str, topic_id: str, partition: int) -> int | None:
        """Own the partition under a new epoch, ending a frozen predecessor; the offset to start at, None = the beginning of the log.

        Raises NotTheConsumer.
        """
        try:
            with self._store.connection() as connection:
                epoch, next_offset = QUERIES.take_position(connection, topic_id=topic_id, partition=partition)
                self._tenures[topic, partition] = Tenure(topic_id, epoch, next_offset, connection.info.backend_pid)
        except InsufficientPrivilege as closed:
            raise NotTheConsumer from closed
        return next_offset or None

    def release(self, topic: str, partition: int) -> None:
        """Give the partition up in order: the next owner need not end our session. If the database does not hear it, it will."""
        tenure = self._tenures.pop((topic, partition), None)
        if tenure is None:
            return
        with suppress(Unavailable), self._store.connection() as connection:
            QUERIES.release_position(connection, topic_id=tenure.topic_id, partition=partition, epoch=tenure.epoch)

    def tenure(self, topic: str, partition: int) -> Tenure | None:
        """The partition as it stands, confirmed by the database if the session is a new one. Raises Fenced."""
        tenure = self._tenures.get((topic, partition))
        if tenure is not None:
            with self._store.connection() as connection:
                self._confirm(connection, tenure, partition)
        return tenure

    def _confirm(self, connection: Connection, tenure: Tenure, partition: int) -> None:
        if connection.info.backend_pid == tenure.session:
            return
        try:
            tenure.next_offset = QUERIES.keep_position(connection, topic_id=tenure.topic_id, partition=partition, epoch=tenure.epoch)
        except DatabaseError as error:
            if error.sqlstate == FENCED:
                raise Fenced(partition) from error
            raise
        tenure.session = connection.info.backend_pid
