"""The notifier's twins: the desk of PostgreSQL and the way to a person, in memory."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import cast
from uuid import UUID

from schemas.contact_described.v1 import ContactDescribed
from services.kernel.envelope import Event, Outgoing
from services.kernel.errors import Refused
from services.kernel.postgres import Transaction
from services.notifier.domain.letter import Letter, Occasion, about
from services.notifier.domain.outcome import ACCEPTED, Outcome, Stage, Verdict, of_reply, of_silence
from services.notifier.domain.recipient import notification_id, without_addresses
from services.notifier.handler import Due, LeaseLost
from tests.simulation.memory.store import MemorySession, MemoryStore

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Contact:
    """A row of the table `contact`."""

    version: int
    company_name: str
    file_code: str
    sealed_address: str
    salt: str


@dataclass(frozen=True, slots=True)
class Notification:
    """A row of the table `notification`."""

    notification_id: str
    kind: str
    about: str
    company_id: str
    facts: str
    occurred_at: datetime
    caused_by: str
    traceparent: str | None
    state: str = "reserved"
    next_attempt_at: datetime = EPOCH
    attempts: int = 0
    unclear_attempts: int = 0
    message_id: str | None = None
    contact_version: int | None = None
    reason: str | None = None
    detail: str | None = None
    sent_at: datetime | None = None


class MemoryDesk:
    """Register and Desk of the handler over a memory store; stands in for PostgresDesk."""

    def __init__(self, store: MemoryStore) -> None:
        """Works in the store's schema."""
        self.store = store

    def keep_contact(self, contact: ContactDescribed, transaction: Transaction) -> None:
        """Keep the contact unless a later version is known; its salt stays."""
        session = session_of(transaction)
        contacts = session.table("contact")
        session.lock(("contact", contact.company_id))
        known: Contact | None = contacts.get(contact.company_id)
        if known is None or known.version < contact.version:
            salt = known.salt if known else str(UUID(int=session.next_value("salt")))
            kept = Contact(contact.version, contact.company_name, contact.file_code, contact.sealed_address, salt)
            contacts[contact.company_id] = kept

    def forget_contact(self, company_id: str) -> None:
        """Delete the contact and its address. Raises Refused: no text of PostgreSQL holds NUL."""
        if "\0" in company_id:
            raise Refused("NUL in a text")
        with self.store.connection() as session:
            session.lock(("contact", company_id))
            session.table("contact").pop(company_id, None)

    def reserve(self, kind: str, event: Event[Occasion], at: datetime, transaction: Transaction) -> bool:
        """Insert the notification's row; False when it exists."""
        fact = event.data
        identity = notification_id(kind, about(fact))
        row = Notification(identity, kind, about(fact), fact.company_id, fact.model_dump_json(), at, event.id, event.traceparent)
        return session_of(transaction).table("notification").insert(identity, row)

    def take(self, now: datetime, lease_until: datetime) -> Due | None:
        """Lease the notification due first whose contact is known; one that another transaction holds is left to it."""
        with self.store.connection() as session:
            return self.lease(session, now, lease_until)

    def lease(self, session: MemorySession, now: datetime, until: datetime) -> Due | None:
        """What `take` does in its transaction."""
        contacts, notifications = session.table("contact"), session.table("notification")
        due = [row for row in notifications.values() if is_due(row, contacts.get(row.company_id), now)]
        for row in sorted(due, key=lambda row: row.next_attempt_at):
            if session.try_lock(("notification", row.notification_id)):
                contact = contacts[row.company_id]
                notifications[row.notification_id] = taken = leased(row, contact, until)
                return due_of(taken, contact)
        return None

    def bind(self, due: Due, message: str) -> None:
        """Write down the attempt's Message-ID. Raises LeaseLost, Refused: it is another letter's."""
        with self.store.connection() as session:
            row, notifications = self.attempt(session, due), session.table("notification")
            if row is None:
                raise LeaseLost(due.notification_id)
            if any(other.message_id == message and other.notification_id != due.notification_id for other in notifications.values()):
                raise Refused("a Message-ID is of one notification")
            notifications[due.notification_id] = replace(row, message_id=message)

    def sent(self, due: Due, message: str, at: datetime, announcement: Outgoing) -> None:
        """Mark it sent and announce it in one transaction; the second time, nothing."""
        with self.store.transaction() as transaction:
            transaction.session.lock(("notification", due.notification_id))
            notifications = transaction.session.table("notification")
            row: Notification | None = notifications.get(due.notification_id)
            if row and row.state != "sent":
                notifications[due.notification_id] = replace(row, state="sent", sent_at=at, message_id=message, reason=None, detail=None)
                transaction.send(announcement)

    def postpone(self, due: Due, outcome: Outcome, until: datetime) -> None:
        """Back among the reserved, due at `until`."""
        self._set_aside("reserved", due, outcome, until)

    def suppress(self, due: Due, outcome: Outcome, at: datetime) -> None:
        """Suppressed since `at`, with the reason."""
        self._set_aside("suppressed", due, outcome, at)

    def _set_aside(self, state: str, due: Due, outcome: Outcome, next_attempt_at: datetime) -> None:
        with self.store.connection() as session:
            row = self.attempt(session, due)
            if row is not None:
                session.table("notification")[due.notification_id] = replace(
                    row,
                    state=state,
                    reason=outcome.reason,
                    detail=outcome.detail,
                    unclear_attempts=row.unclear_attempts + (outcome.verdict is Verdict.UNCLEAR),
                    next_attempt_at=next_attempt_at,
                )

    def attempt(self, session: MemorySession, due: Due) -> Notification | None:
        """The row, locked, while it is still this attempt's."""
        session.lock(("notification", due.notification_id))
        row: Notification | None = session.table("notification").get(due.notification_id)
        return row if row and (row.state, row.next_attempt_at) == ("sending", due.leased_until) else None


class MemoryPost:
    """Stands in for SmtpPost and the mail server behind it. `answers` are the next outcomes; then all is accepted."""

    def __init__(self) -> None:
        self.delivered: list[Delivered] = []
        self.answers: list[Outcome] = []

    def send(self, letter: Letter, address: str, message: str, at: datetime) -> Outcome:
        """Send the letter under this Message-ID; after an unclear answer it is there all the same."""
        outcome = self.answers.pop(0) if self.answers else ACCEPTED
        if outcome.verdict in (Verdict.ACCEPTED, Verdict.UNCLEAR):
            self.delivered.append(Delivered(address, message, letter, at))
        return outcome

    def refuse(self, stage: Stage, code: int, text: str) -> None:
        """The next letter is refused so, at its recipient or at its message: 4xx for now, 5xx for ever."""
        self.answers.append(of_reply(stage, code, without_addresses(text)))

    def swallow(self) -> None:
        """The next letter is taken, and nobody says so."""
        self.answers.append(of_silence(Stage.MESSAGE))

    def close(self) -> None:
        """Nobody is there for the next letter."""
        self.answers.append(of_silence(Stage.CONNECTION))


@dataclass(frozen=True, slots=True)
class Delivered:
    """A letter in a person's mailbox."""

    address: str
    message_id: str
    letter: Letter
    at: datetime


def session_of(transaction: Transaction) -> MemorySession:
    """The memory session behind a kernel transaction."""
    return cast(MemorySession, transaction.connection)


def is_due(row: Notification, contact: Contact | None, now: datetime) -> bool:
    """Whether it may be taken; a suppressed one again once its contact was described anew."""
    if contact is None or row.state == "sent" or row.next_attempt_at > now:
        return False
    return row.state != "suppressed" or (row.contact_version or 0) < contact.version


def leased(row: Notification, contact: Contact, until: datetime) -> Notification:
    """The row as taken; one found « sending » outlived its attempt, which the server may have accepted."""
    return replace(
        row,
        state="sending",
        attempts=1 if row.state == "suppressed" else row.attempts + 1,
        unclear_attempts=row.unclear_attempts + (row.state == "sending"),
        next_attempt_at=until,
        contact_version=contact.version,
    )


def due_of(row: Notification, contact: Contact) -> Due:
    """What an attempt is told."""
    return Due(
        row.notification_id,
        row.kind,
        row.about,
        row.company_id,
        row.facts,
        row.occurred_at,
        row.caused_by,
        row.traceparent,
        row.attempts,
        row.next_attempt_at,
        contact.company_name,
        contact.file_code,
        contact.sealed_address,
        contact.salt,
    )


def notifications(store: MemoryStore) -> list[Notification]:
    """Where every notification stands, as the view `notification_status` shows it: one without a contact says so."""
    rows, contacts = store.rows["notification"], store.rows["contact"]

    def shown(row: Notification) -> Notification:
        waits = row.state == "reserved" and row.company_id not in contacts
        return replace(row, state="waiting_for_contact") if waits else row

    return [shown(row) for row in rows.values()]
