"""The schema `ledger` in memory, its database sessions, and all that it says."""

import itertools
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from services.kernel.clock import Clock
from services.kernel.errors import Unavailable
from services.kernel.postgres import STRIPES
from services.ledger.handler import Late
from tests.simulation.memory.ledger_rows import BookedEntry, Content, InvoiceRow, ParkedRow
from tests.simulation.memory.store import MemorySession, MemoryStore, refuse_to_wait

type Check = Callable[[MemorySession], None]


@dataclass(slots=True, eq=False)
class Backend:
    """A database session as the server knows it: the transaction it is in, and whether somebody ended it."""

    number: int
    running: MemorySession | None = None
    ended: bool = False

    def end(self) -> None:
        """What pg_terminate_backend does."""
        self.ended = True
        if self.running is not None:
            self.running.end()


class MemoryLedger(MemoryStore):
    """The schema `ledger`. It outlives the processes; its sequences give no number twice, whatever is rolled back."""

    def __init__(self, clock: Clock, wait: Callable[[], None] = refuse_to_wait, news: Callable[[], None] = lambda: None) -> None:
        """`clock` = the database's own; `wait` and `news` are the store's."""
        super().__init__(wait, news)
        self.clock, self.batch_ids, self.backend_numbers = clock, itertools.count(1), itertools.count(1)
        for book in range(STRIPES):
            self.rows["chain_head"][book], self.rows["announced"][book] = 0, (0, 0)

    def dump(self) -> Content:
        """All that is committed."""
        last = {key[:3]: row.kind.value for key, row in self._sorted("outcome")}
        return Content(
            entries=tuple(sorted(map(_booked, self.rows["entry"].values()), key=lambda entry: entry.key)),
            versions=tuple(sorted(map(_version, self.rows["invoice"].values()), key=itemgetter(0, 1, 2))),
            overtaken=tuple(sorted(map(_late, self.rows["overtaken"].values()))),
            outcomes=tuple((*key, kind) for key, kind in last.items()),
            finished=tuple((*key, tuple(dict(row.counts).values())) for key, row in self._sorted("run_finished")),
            parked=tuple(sorted(map(_parked, self.rows["parked_record"].values()), key=itemgetter(0, 1))),
            suppliers=tuple((*key, *row) for key, row in self._sorted("supplier")),
            mergers=tuple((*key, row.decision.auxiliary, row.decision.into) for key, row in self._sorted("supplier_merger")),
            aliases=tuple(key for key, _ in self._sorted("supplier_alias")),
            positions=tuple((*key, row.next_offset) for key, row in self._sorted("kafka_position")),
        )

    def _sorted(self, table: str) -> list[tuple[Any, Any]]:
        return sorted(self.rows[table].items(), key=itemgetter(0))


class MemorySessions:
    """`PostgresStore(pool_size=1)`: one database session; one that was ended fails once more, and the next takes its place."""

    def __init__(self, ledger: MemoryLedger) -> None:
        """A process's own; it connects at once."""
        self._ledger, self._deferred = ledger, list[Check]()
        self.backend = Backend(next(ledger.backend_numbers))

    @contextmanager
    def connection(self) -> Generator[MemorySession]:
        """One transaction; what was deferred is checked at its commit. Raises Unavailable: the session was ended."""
        backend = self.backend
        try:
            if backend.ended:
                raise Unavailable("PostgreSQL", "this session was ended")
            with self._ledger.connection() as session:
                backend.running = session
                yield session
                for check in self._deferred:
                    check(session)
        finally:
            self._deferred.clear()
            backend.running = None
            if backend.ended:
                self.backend = Backend(next(self._ledger.backend_numbers))

    def defer(self, check: Check) -> None:
        """A constraint trigger, initially deferred."""
        self._deferred.append(check)


def _booked(row: Any) -> BookedEntry:
    return BookedEntry(row.company_id, row.invoice_id, row.revision, row.entry.lines)


def _version(row: InvoiceRow) -> tuple[str, str, int, int, str, str | None, bool]:
    version, document = row.version, row.version.event.data
    reason = version.verdict.hold.reason if version.verdict.hold else None
    place = document.company_id, document.invoice_id, version.standing.version, document.revision
    return (*place, version.verdict.outcome.value, reason, row.entry_id is not None)


def _late(late: Late) -> tuple[str, str, int, int, str]:
    document = late.event.data
    return document.company_id, document.invoice_id, document.revision, late.highest, late.event.id


def _parked(row: ParkedRow) -> tuple[int, int, str, bytes | None, bytes | None]:
    return row.batch.book, row.offset, row.message.topic, row.message.key, row.message.value
