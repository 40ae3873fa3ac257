"""The notifier's parts put together as `main` does, for tests that move its clock and make its turns by hand."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from psycopg.rows import dict_row

from deploy.local.processes import LOOPBACK
from schemas.connection_broken.v1 import ConnectionBroken
from schemas.connection_changed.v1 import ConnectionChanged
from schemas.contact_described.v1 import ContactDescribed
from schemas.contract import EventData
from schemas.registry import parked_topic, topic_for, topics_read_by, types_on
from schemas.values import ReasonCount, RunCounts
from services.kernel.envelope import Event, Outgoing, Record, deliver, encode, event_id
from services.kernel.loop import OncePerEvent
from services.kernel.postgres import Outbox, PostgresStore
from services.kernel.sealing import Sealer
from services.notifier.adapters.desk import PostgresDesk
from services.notifier.adapters.smtp import SmtpPost
from services.notifier.handler import SERVICE, Deliver, Desk, EndContacts, KeepContact, Letterhead, ReserveLetter, ReserveWarning

FETCHER = "/achats/fetcher"
SEALER = Sealer({"k1": b"1" * 32}, "k1")
COUNTS = RunCounts(collected=3, recorded=2, no_entry=0, archived=0, held=1, parked=0, duplicates=0)


class HeldClock:
    """Time stands still until the test moves it."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)

    def now(self) -> datetime:
        """The moment."""
        return self.moment

    def sleep(self, seconds: float) -> None:
        """Nothing here sleeps."""
        raise AssertionError(f"asked to sleep {seconds} s")

    def move(self, by: timedelta) -> None:
        """Let time pass."""
        self.moment += by


class Status(NamedTuple):
    """What a person sees of a notification."""

    state: str
    reason: str | None
    attempts: int
    unclear_attempts: int


class Office:
    """One notifier. `connection` and `contact` make records, `read` handles them, `work` delivers all that is due."""

    def __init__(self, store: PostgresStore, smtp_port: int) -> None:
        self.store, self.clock, self.desk = store, HeldClock(), PostgresDesk(store)
        self._post = SmtpPost(LOOPBACK, smtp_port, "Achats <achats@example.org>", patience_seconds=2)
        on: dict[type[EventData], Any] = {
            ConnectionChanged: ReserveLetter(self.desk),
            ConnectionBroken: ReserveWarning(self.desk),
            ContactDescribed: KeepContact(self.desk),
        }
        once = OncePerEvent(store, SERVICE, parked_topic(SERVICE), on, self.clock)
        self._listen = EndContacts(self.desk, topic_for("fetcher", ContactDescribed), once)
        self._types = types_on(topics_read_by(SERVICE))
        self.deliver = self.deliverer(self.desk)

    def deliverer(self, desk: Desk) -> Deliver:
        """One more delivery loop, on this desk."""
        return Deliver(desk, self._post, SEALER, Letterhead("https://achats.example.org", "example.org"), self.clock, lambda: 0)

    def read(self, *records: Record) -> None:
        """Handle the records as one batch."""
        self._listen([deliver(record, self._types) for record in records])

    def work(self) -> int:
        """Deliver what is due; how many attempts that took."""
        attempts = 0
        while self.deliver.turn():
            attempts += 1
        return attempts

    def status(self) -> Status:
        """The one notification's state."""
        row = self.row()
        return Status(row["state"], row["reason"], row["attempts"], row["unclear_attempts"])

    def row(self) -> dict[str, Any]:
        """The one notification as the view shows it."""
        with self.store.connection() as connection, connection.cursor(row_factory=dict_row) as cursor:
            (row,) = cursor.execute("select * from notification_status").fetchall()
        return row

    def announced(self) -> list[Outgoing]:
        """Everything the relay would send, once."""
        sent: list[Outgoing] = []

        def send(messages: Sequence[Outgoing]) -> int:
            sent.extend(messages)
            return len(messages)

        Outbox(self.store).turn(100, send)
        return sent


def connection(n: int = 1, *, to_state: str = "active", counts: RunCounts | None = COUNTS, replay_id: str | None = None) -> Record:
    """The n-th connection.changed of the connection dupont/c1."""
    change = ConnectionChanged(
        company_id="dupont",
        connection_id="c1",
        connector="amazon_business",
        from_state="initialising",
        to_state=to_state,
        reason="import_finished",
        run_id="r1",
        counts=counts,
        waiting=(ReasonCount(reason="document_missing", count=1),),
        test_environment=False,
    )
    return _record(change, n, replay_id)


def breakage(n: int = 1, since: str = "2026-11-23T08:12:00Z", replay_id: str | None = None) -> Record:
    """The n-th connection.broken of the connection dupont/c1."""
    broken = ConnectionBroken(
        company_id="dupont",
        connection_id="c1",
        connector="amazon_business",
        reason="consent_withdrawn",
        since=since,
        test_environment=False,
    )
    return _record(broken, n, replay_id)


def contact(address: str = "anna@dupont.example", version: int = 1, sealer: Sealer = SEALER) -> Record:
    """Dupont's contact, as of this version."""
    described = ContactDescribed(
        company_id="dupont",
        version=version,
        company_name="Menuiserie Dupont",
        file_code="DUPONT",
        language="fr",
        sealed_address=sealer.seal(address.encode(), "dupont"),
    )
    return _record(described, version)


def end_of_contact() -> Record:
    """The tombstone of Dupont's contact, as compaction leaves it: a key and nothing else."""
    return Record(topic_for("fetcher", ContactDescribed), 0, 99, 0, b"dupont", None, ())


def _record(data: EventData, n: int, replay_id: str | None = None) -> Record:
    identity = event_id(FETCHER, data.ce_type, data.subject, n)
    event = Event(identity, FETCHER, "2026-11-23T08:12:00.000000Z", data, replay_id=replay_id)
    message = encode(event, topic_for("fetcher", type(data)))
    return Record(message.topic, 0, n, 0, message.key, message.value, message.headers)
