"""The adapters that ship, put together for one life of a simulated process as its main.py puts them."""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, override

from psycopg import Connection

from services.classifier.adapters.decisions import PostgresDecisions
from services.kernel.errors import Unavailable
from services.kernel.postgres import Outbox, PostgresBreaker, PostgresStore
from services.ledger.adapters.announcements import Announcements
from services.ledger.adapters.books import PostgresBooks
from services.ledger.adapters.positions import PostgresPositions
from services.notifier.adapters.desk import PostgresDesk
from tests.simulation.engine import Engine
from tests.simulation.faults import Kind
from tests.simulation.real.jobs import RealJobs
from tests.simulation.real.world import RealWorld
from tests.simulation.watched import ANYWHERE, CAN_BE_LOST, CAN_FAIL

POOL = {"ledger": 1, "classifier": 2, "fetcher": 8, "notifier": 4}  # as each service has it


class PointedStore(PostgresStore):
    """A store whose transactions have a point before, one before the commit, and one behind."""

    def __init__(self, engine: Engine, url: str, schema: str, pool_size: int) -> None:
        super().__init__(url, schema, pool_size)
        self._engine = engine

    @override
    @contextmanager
    def connection(self) -> Generator[Connection]:
        """Raises Unavailable: nothing was done, or nobody hears of it."""
        self._befall("before a transaction", CAN_FAIL)
        with super().connection() as connection:
            yield connection
            self._befall("before a commit", CAN_FAIL)
        self._engine.news()
        self._befall("behind a transaction", CAN_BE_LOST)

    def _befall(self, where: str, kinds: frozenset[Kind]) -> None:
        if self._engine.point(where, kinds) not in {*ANYWHERE, None}:
            raise Unavailable("PostgreSQL", where)


class RealParts:
    """The adapters of one life of a process, as its main.py puts them together."""

    def __init__(self, world: RealWorld, name: str) -> None:
        self._world, self._name, self._open = world, name, dict[str, PostgresStore]()
        world.own(name, self.close)

    def store(self, service: str) -> PostgresStore:
        """A pool of the process's own."""
        return self._kept(service, service, POOL[service])

    def fetched(self) -> PostgresStore:
        """The fetcher's with points inside."""
        if "points" not in self._open:
            url = self._world.servers.url("fetcher", self._name)
            self._open["points"] = PointedStore(self._world.engine, url, "fetcher", POOL["fetcher"])
        return self._open["points"]

    def outbox(self, service: str) -> Outbox:
        """The kernel's."""
        return Outbox(self.store(service))

    def breaker(self, service: str) -> PostgresBreaker:
        """The kernel's."""
        return PostgresBreaker(self.store(service))

    def jobs(self) -> RealJobs:
        """Procrastinate's functions."""
        return RealJobs(self._world.administrator, self._world.engine)

    def book(self) -> tuple[Any, Any, Any]:
        """The books are kept on one session and announced on another."""
        own = self.store("ledger")
        positions = PostgresPositions(own)
        return positions, PostgresBooks(own, positions), Announcements(self._kept("relay", "ledger", 1))

    def desk(self) -> PostgresDesk:
        """The notifier's."""
        return PostgresDesk(self.store("notifier"))

    def decisions(self) -> PostgresDecisions:
        """The classifier's."""
        return PostgresDecisions(self.store("classifier"))

    def close(self) -> None:
        """End every session."""
        for store in self._open.values():
            store.close()

    def _kept(self, name: str, service: str, size: int) -> PostgresStore:
        if name not in self._open:
            self._open[name] = PostgresStore(self._world.servers.url(service, self._name), service, size)
        return self._open[name]
