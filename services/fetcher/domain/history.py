"""A migration of history, a paid service: documents from before what settings allow, estimated, accepted by a person, then imported."""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from services.fetcher.domain.company import OLDEST_IMPORT, Refusal
from services.fetcher.domain.identity import digest, run_id_of
from services.fetcher.domain.pace import HISTORY_PART, PUBLISHED, SHARE, Operation
from services.fetcher.domain.schedule import HISTORY
from services.fetcher.domain.windows import REACH

DOCUMENTS_PER_TEN_ORDERS = 13
"""An order has 1.3 documents on average (§12.5)."""


class State(StrEnum):
    """Where a migration stands; the last two are ends."""

    REQUESTED = "requested"
    ESTIMATED = "estimated"
    APPROVED = "approved"
    RUNNING = "running"
    PAUSED = "paused"
    DONE = "done"
    REFUSED = "refused"


FOLLOWING = {
    State.REQUESTED: {State.ESTIMATED, State.REFUSED},
    State.ESTIMATED: {State.APPROVED, State.REFUSED},
    State.APPROVED: {State.RUNNING, State.PAUSED},
    State.RUNNING: {State.PAUSED, State.DONE},
    State.PAUSED: {State.RUNNING},
    State.DONE: set[State](),
    State.REFUSED: set[State](),
}


class NotPossibleNow(Refusal):
    """Cette migration d'historique n'en est plus à cette étape."""

    next_action = "Rechargez la page pour voir où elle en est."


class NoHistory(Refusal):
    """Cette date n'est pas antérieure à ce qui est déjà importé."""

    next_action = "Choisissez une date plus ancienne que la date de début d'import."


class InSettings(Refusal):
    """Cette date est à 30 jours au plus de la connexion : aucune migration n'est nécessaire."""

    next_action = "Choisissez-la dans les paramètres ; c'est sans frais."


@dataclass(frozen=True, slots=True)
class Estimate:
    """What a migration will take. `published_hours` at Amazon's whole rate, `hours` at the part of it that a migration takes at most."""

    orders: int
    documents: int
    published_hours: int
    hours: int


def estimate(orders: int) -> Estimate:
    """The estimate for so many orders: a report each, at the rate of createReport."""
    rate = PUBLISHED[Operation.CREATE_REPORT].rate
    return Estimate(orders, -(-orders * DOCUMENTS_PER_TEN_ORDERS // 10), _hours(orders, rate), _hours(orders, rate * SHARE * HISTORY_PART))


@dataclass(frozen=True, slots=True)
class Migration:
    """The documents issued in [since, until) of one connection. `orders` = how many were counted, None before the estimate."""

    migration_id: str
    run_id: str
    company_id: str
    connection_id: str
    since: date
    until: date
    state: State
    orders: int | None = None

    @property
    def open(self) -> bool:
        """Whether something may still become of it."""
        return bool(FOLLOWING[self.state])

    @property
    def estimate(self) -> Estimate | None:
        """What it will take, once that is known."""
        return None if self.orders is None else estimate(self.orders)

    def moved(self, to: State) -> "Migration":
        """The same migration a step further. Raises NotPossibleNow."""
        if to not in FOLLOWING[self.state]:
            raise NotPossibleNow
        return replace(self, state=to)

    def window(self, today: date) -> tuple[date, date]:
        """The days whose transactions its run reads: transactions are dated otherwise than invoices."""
        return self.since - REACH, min(self.until + REACH, today)


def requested(company_id: str, connection_id: str, since: date, until: date, place: int) -> Migration:
    """A new migration, the connection's `place`-th."""
    migration_id = f"mig-{digest(connection_id, str(place))[:20]}"
    return Migration(
        migration_id, run_id_of(connection_id, HISTORY, migration_id), company_id, connection_id, since, until, State.REQUESTED
    )


def check_history(since: date, import_start: date, opened_on: date) -> None:
    """Raises InSettings when the settings allow that date, NoHistory when it is imported from then on."""
    if since >= opened_on - OLDEST_IMPORT:
        raise InSettings
    if since >= import_start:
        raise NoHistory


def quote_of(migration: Migration, reference: str) -> dict[str, str | int]:
    """What was accepted: the quote's reference, and the period and sizes it was made for. Raises NotPossibleNow before the estimate."""
    sizes = migration.estimate
    if sizes is None:
        raise NotPossibleNow
    period = {"since": migration.since.isoformat(), "until": migration.until.isoformat()}
    return {"reference": reference, **period, "orders": sizes.orders, "documents": sizes.documents, "hours": sizes.hours}


def _hours(orders: int, rate: float) -> int:
    """Whole hours, rounded up."""
    return -(-orders // round(rate * 3600)) if orders else 0
