"""Which partitions a ledger process has, in memory, under an epoch that only the latest owner has."""

from contextlib import suppress
from dataclasses import dataclass, replace

from services.kernel.errors import Unavailable
from services.ledger.adapters.positions import Fenced, Tenure
from tests.simulation.memory.ledger_schema import Backend, MemorySessions
from tests.simulation.memory.store import MemorySession


@dataclass(frozen=True, slots=True)
class PositionRow:
    """Where a partition stands and who has it; no owner = given up in order."""

    epoch: int
    next_offset: int
    owner: Backend | None


class MemoryPositions:
    """The kernel's `Positions`. Its sessions are what a successor ends."""

    def __init__(self, sessions: MemorySessions) -> None:
        """Shares `sessions` with the book that moves the positions."""
        self._sessions = sessions
        self._tenures = dict[tuple[str, int], Tenure]()

    def take(self, topic: str, topic_id: str, partition: int) -> int | None:
        """Own the partition under a new epoch, ending a predecessor; the offset to start at, None = the beginning of the log."""
        with self._sessions.connection() as session:
            rows, place = session.table("kafka_position"), (topic_id, partition)
            predecessor = rows[place].owner if place in rows else None
            if predecessor is not None and predecessor is not self._sessions.backend:
                self._end(predecessor)
            session.lock(("kafka_position", place))
            before: PositionRow = rows.get(place, PositionRow(0, 0, None))
            rows[place] = PositionRow(before.epoch + 1, before.next_offset, self._sessions.backend)
            self._tenures[topic, partition] = Tenure(topic_id, before.epoch + 1, before.next_offset, self._sessions.backend.number)
        return before.next_offset or None

    def release(self, topic: str, partition: int) -> None:
        """Give the partition up in order, if this session has it."""
        tenure = self._tenures.pop((topic, partition), None)
        if tenure is None:
            return
        with suppress(Unavailable), self._sessions.connection() as session:
            place = tenure.topic_id, partition
            session.lock(("kafka_position", place))
            row: PositionRow = session.table("kafka_position")[place]
            if (row.epoch, row.owner) == (tenure.epoch, self._sessions.backend):
                session.table("kafka_position")[place] = replace(row, owner=None)

    def tenure(self, topic: str, partition: int) -> Tenure | None:
        """The partition as it stands, confirmed by the database if the session is a new one. Raises Fenced."""
        tenure = self._tenures.get((topic, partition))
        if tenure is not None:
            with self._sessions.connection() as session:
                if tenure.session != self._sessions.backend.number:
                    self._confirm(session, tenure, partition)
        return tenure

    def _confirm(self, session: MemorySession, tenure: Tenure, partition: int) -> None:
        """What keep_position does."""
        place = tenure.topic_id, partition
        session.lock(("kafka_position", place))
        row: PositionRow = session.table("kafka_position")[place]
        if row.epoch != tenure.epoch:
            raise Fenced(partition)
        session.table("kafka_position")[place] = replace(row, owner=self._sessions.backend)
        tenure.next_offset, tenure.session = row.next_offset, self._sessions.backend.number

    def _end(self, predecessor: Backend) -> None:
        predecessor.end()
