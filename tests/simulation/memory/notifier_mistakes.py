"""Mistakes in the notifier, for seeds that must find them: each takes the place of the twin or the class it derives from."""

from dataclasses import replace
from datetime import datetime
from typing import override

from schemas.contact_described.v1 import ContactDescribed
from services.kernel.envelope import Event, Outgoing
from services.kernel.postgres import Transaction
from services.notifier.domain.letter import Occasion
from services.notifier.handler import Deliver, Due
from tests.simulation.memory.notifier import MemoryDesk, Notification, session_of
from tests.simulation.memory.store import MemorySession


class ReservesAgain(MemoryDesk):
    """Another event about the same subject opens the letter again."""

    @override
    def reserve(self, kind: str, event: Event[Occasion], at: datetime, transaction: Transaction) -> bool:
        """Always new."""
        notifications = session_of(transaction).table("notification")
        for key in [key for key, row in notifications.items() if row.about == event.data.subject]:
            del notifications[key]
        return super().reserve(kind, event, at, transaction)


class KeepsAnyContact(MemoryDesk):
    """The contact that was heard last counts, whatever its version."""

    @override
    def keep_contact(self, contact: ContactDescribed, transaction: Transaction) -> None:
        """Forget the known one first."""
        session_of(transaction).table("contact").pop(contact.company_id, None)
        super().keep_contact(contact, transaction)


class TakesWithoutLease(MemoryDesk):
    """What one process is sending is due for the next one at once."""

    @override
    def take(self, now: datetime, lease_until: datetime) -> Due | None:
        """Leased until now."""
        return super().take(now, now)


class TakesWithoutWriting(MemoryDesk):
    """The mail before the row: until a letter was sent, nothing says that somebody is sending it."""

    @override
    def take(self, now: datetime, lease_until: datetime) -> Due | None:
        """Look, and leave everything as it is."""
        with self.store.connection() as session:
            due = self.lease(session, now, lease_until)
            session.rollback()
        return due

    @override
    def bind(self, due: Due, message: str) -> None:
        """Nothing is written."""


class BindsWithoutLease(MemoryDesk):
    """Who was held up past the lease binds, sends and puts aside all the same."""

    @override
    def attempt(self, session: MemorySession, due: Due) -> Notification | None:
        """Every attempt passes for the current one."""
        session.lock(("notification", due.notification_id))
        return session.table("notification").get(due.notification_id)


class KnowsAttemptsByNumber(MemoryDesk):
    """An attempt is known by its number, which comes again when attempts begin anew."""

    @override
    def attempt(self, session: MemorySession, due: Due) -> Notification | None:
        """Whoever has the number."""
        session.lock(("notification", due.notification_id))
        row: Notification | None = session.table("notification").get(due.notification_id)
        return row if row and (row.state, row.attempts) == ("sending", due.attempts) else None


class MarksBeforeMailing(MemoryDesk):
    """The letter counts as sent before it goes out: who dies in between loses it."""

    @override
    def bind(self, due: Due, message: str) -> None:
        """Bound, and sent."""
        super().bind(due, message)
        with self.store.connection() as session:
            notifications = session.table("notification")
            notifications[due.notification_id] = replace(notifications[due.notification_id], state="sent", sent_at=due.leased_until)

    @override
    def sent(self, due: Due, message: str, at: datetime, announcement: Outgoing) -> None:
        """Only announced now."""
        with self.store.transaction() as transaction:
            transaction.send(announcement)


class AnnouncesAgain(MemoryDesk):
    """Who marks a letter that is marked already announces it once more."""

    @override
    def sent(self, due: Due, message: str, at: datetime, announcement: Outgoing) -> None:
        """Mark it whatever it is."""
        with self.store.transaction() as transaction:
            notifications = transaction.session.table("notification")
            row: Notification = notifications[due.notification_id]
            notifications[due.notification_id] = replace(row, state="sent", sent_at=at, message_id=message)
            transaction.send(announcement)


class ForgetsWhatItSent(Deliver):
    """What could not be written down is not kept for the next turn: an accepted letter goes out again."""

    @override
    def turn(self) -> bool:
        """Begin with an empty head."""
        self._unrecorded = None
        return super().turn()
