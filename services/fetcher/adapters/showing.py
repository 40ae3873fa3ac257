"""What the pages show of a connection beside its state: entities, what waits, what a date would bring, runs. PostgreSQL only."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from services.fetcher.adapters.dossiers import wait_of
from services.fetcher.adapters.queries import Queries
from services.fetcher.domain.routing import Entities
from services.fetcher.domain.waiting import Wait
from services.kernel.postgres import Transaction

QUERIES = Queries("showing.sql")
COLLECTION = Queries("collecting")
RUNS_SHOWN = 50
WAITS_SHOWN = 200


@dataclass(frozen=True, slots=True)
class EntityShown:
    """A legal entity of an account: `ours` None = undecided."""

    name: str
    ours: bool | None
    orders: int
    documents: int


@dataclass(frozen=True, slots=True)
class Unsaid:
    """So many documents of one day of issue, whose payments name these entities, were collected and not imported."""

    day: date | None
    names: tuple[str, ...]
    documents: int


@dataclass(frozen=True, slots=True)
class RunShown:
    """A run as its history shows it."""

    kind: str
    state: str
    window_from: date
    window_to: date
    started_at: datetime
    finished_at: datetime | None
    emitted: int


class Showing:
    """Reads for pages, inside one transaction."""

    def __init__(self, transaction: Transaction, connection_id: str) -> None:
        """About one connection."""
        self._session, self._about = transaction.connection, {"connection_id": connection_id}

    def entities(self) -> list[EntityShown]:
        """The account's legal entities by name."""
        return [EntityShown(**row) for row in QUERIES.rows(self._session, "entities_shown", **self._about)]

    def decide(self, entities: Mapping[str, bool]) -> bool:
        """Whose each entity is; False when the account does not show one of them."""
        return all(QUERIES.run(self._session, "decide_entity", **self._about, name=name, ours=ours) for name, ours in entities.items())

    def unsaid(self) -> list[Unsaid]:
        """What was collected and not imported."""
        rows = QUERIES.rows(self._session, "unsaid", **self._about)
        return [Unsaid(row["day"], tuple(row["names"]), row["documents"]) for row in rows]

    def runs(self) -> list[RunShown]:
        """The latest runs."""
        return [RunShown(**row) for row in QUERIES.rows(self._session, "runs_shown", **self._about, limit=RUNS_SHOWN)]

    def missing(self) -> list[Wait]:
        """What waits, the oldest first; at most 200."""
        return [wait_of(row) for row in COLLECTION.rows(self._session, "waiting", **self._about, limit=WAITS_SHOWN)]


def as_entities(shown: list[EntityShown]) -> Entities:
    """The entities as routing knows them."""
    return {entity.name: entity.ours for entity in shown}
