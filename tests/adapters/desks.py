"""The notifier's desk, in memory and in PostgreSQL: what a test puts on it, and what lies there."""

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol

from schemas.connection_changed.v1 import ConnectionChanged
from schemas.contact_described.v1 import ContactDescribed
from schemas.values import RunCounts
from services.kernel.envelope import Event, Outgoing
from services.kernel.postgres import PostgresStore
from services.notifier.adapters.desk import PostgresDesk
from services.notifier.handler import INTEGRATION_ACTIVE, LEASE, SERVICE, Desk, Due, Register
from services.notifier.main import MIGRATIONS
from tests.adapters.schemas import MemorySchema, PostgresSchema, Schema, postgres_schema
from tests.simulation.memory.notifier import MemoryDesk, notifications
from tests.simulation.memory.store import MemoryStore
from tests.support.kernel import outgoing

NINE = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MESSAGE = "<1@example.org>"
ANNOUNCEMENT = outgoing("notified", 1)
STATUS = "select about, state, reason, detail, attempts, unclear_attempts, message_id, sent_at from notification_status order by about"
HOLD = "select from notifier.notification where about = %s for update"


class Status(NamedTuple):
    """What a person sees of a notification."""

    about: str
    state: str
    reason: str | None = None
    detail: str | None = None
    attempts: int = 0
    unclear_attempts: int = 0
    message_id: str | None = None
    sent_at: datetime | None = None


class RegisterAndDesk(Register, Desk, Protocol):
    """Both sides of the notifier's storage."""


class Office(Protocol):
    """A notifier's storage and what a test does to it from outside."""

    @property
    def schema(self) -> Schema:
        """Where it is kept."""
        ...

    @property
    def desk(self) -> RegisterAndDesk:
        """What is tested."""
        ...

    def statuses(self) -> list[Status]:
        """Every notification, by what it is about."""
        ...

    def held(self, about: str) -> AbstractContextManager[None]:
        """Another transaction holds this notification's row meanwhile."""
        ...


class MemoryOffice:
    """The twin."""

    def __init__(self, store: MemoryStore, desk: RegisterAndDesk) -> None:
        self._store, self.desk = store, desk
        self.schema = MemorySchema(store)

    def statuses(self) -> list[Status]:
        """Every notification, by what it is about."""
        rows = sorted(notifications(self._store), key=lambda row: row.about)
        return [
            Status(row.about, row.state, row.reason, row.detail, row.attempts, row.unclear_attempts, row.message_id, row.sent_at)
            for row in rows
        ]

    @contextmanager
    def held(self, about: str) -> Generator[None]:
        """Another transaction holds this notification's row meanwhile."""
        with self._store.connection() as session:
            (key,) = (key for key, row in session.table("notification").items() if row.about == about)
            session.lock(("notification", key))
            yield


class PostgresOffice:
    """The real thing."""

    def __init__(self, schema: PostgresSchema) -> None:
        self.schema = schema
        store = schema.store
        assert isinstance(store, PostgresStore)
        self._store, self.desk = store, PostgresDesk(store)

    def statuses(self) -> list[Status]:
        """Every notification, by what it is about."""
        with self._store.connection() as connection:
            return [Status(*row) for row in connection.execute(STATUS)]

    @contextmanager
    def held(self, about: str) -> Generator[None]:
        """Another transaction holds this notification's row meanwhile."""
        with self._store.connection() as other:
            assert 1 == other.execute(HOLD, [about]).rowcount
            yield


def memory_office() -> MemoryOffice:
    """An empty desk in memory."""
    store = MemoryStore()
    return MemoryOffice(store, MemoryDesk(store))


@contextmanager
def postgres_office(url: str) -> Generator[PostgresOffice]:
    """An empty desk in PostgreSQL."""
    with postgres_schema(url, SERVICE, MIGRATIONS) as schema:
        yield PostgresOffice(schema)


def activation(company_id: str = "dupont", n: int = 1) -> Event[ConnectionChanged]:
    """The n-th event that calls for a letter about the company's connection c1."""
    change = ConnectionChanged(
        company_id=company_id,
        connection_id="c1",
        connector="amazon_business",
        from_state="initialising",
        to_state="active",
        reason="import_finished",
        run_id="r1",
        counts=RunCounts(collected=3, recorded=2, no_entry=0, archived=0, held=1, parked=0, duplicates=0),
        waiting=(),
        test_environment=False,
    )
    return Event(f"{company_id}-{n}", "/achats/fetcher", "2026-11-23T08:12:00.000000Z", change, traceparent="00-1-2-01")


def described(company_id: str = "dupont", version: int = 1, address: str = "k1:anna") -> ContactDescribed:
    """The company's contact, as of this version."""
    return ContactDescribed(
        company_id=company_id,
        version=version,
        company_name=f"{company_id} v{version}",
        file_code=company_id.upper(),
        language="fr",
        sealed_address=address,
    )


def keep(office: Office, *contacts: ContactDescribed) -> None:
    """Keep each contact, in a transaction of its own."""
    for contact in contacts:
        with office.schema.store.transaction() as transaction:
            office.desk.keep_contact(contact, transaction)


def reserve(office: Office, event: Event[ConnectionChanged]) -> bool:
    """Reserve the event's letter in a transaction of its own, due at once."""
    with office.schema.elsewhere.transaction() as transaction:
        return office.desk.reserve(INTEGRATION_ACTIVE, event, datetime.fromisoformat(event.time), transaction)


def take(office: Office, minutes: float = 0) -> Due | None:
    """Take what is due so many minutes after nine, for as long as a lease lasts."""
    now = NINE + timedelta(minutes=minutes)
    return office.desk.take(now, now + LEASE)


def taken(office: Office, minutes: float = 0) -> Due:
    """What is taken then; something must be."""
    due = take(office, minutes)
    assert due is not None
    return due


def ready(office: Office, company_id: str = "dupont") -> None:
    """A letter of this company waits, and its contact is known."""
    assert reserve(office, activation(company_id))
    keep(office, described(company_id))


def sent(office: Office, due: Due, message: str = MESSAGE, announcement: Outgoing = ANNOUNCEMENT) -> None:
    """The server accepted the letter."""
    office.desk.sent(due, message, NINE, announcement)
