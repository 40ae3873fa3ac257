"""The breaker's rows in memory."""

from collections.abc import Mapping

from services.kernel.breaker import Trip
from services.kernel.envelope import Place
from services.kernel.errors import Skipped
from tests.simulation.memory.store import MemoryStore


class MemoryBreaker:
    """Stands in for PostgresBreaker; `resume` is what an operator does."""

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def tripped(self) -> bool:
        """Whether a trip waits for an operator."""
        with self._store.connection() as session:
            return "open" in session.table("breaker")

    def trip(self, trip: Trip) -> None:
        """Write the trip down unless one is open."""
        with self._store.connection() as session:
            session.table("breaker").insert("open", trip)

    def skips(self) -> Mapping[Place, Skipped]:
        """Every record an operator asked to skip."""
        with self._store.connection() as session:
            return dict(session.table("skip"))

    def resume(self) -> None:
        """Close the trip that is open."""
        with self._store.connection() as session:
            session.table("breaker").pop("open", None)
