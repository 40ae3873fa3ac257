"""The notifier's schema in PostgreSQL: contacts, and one row per notification."""

from datetime import datetime
from pathlib import Path
from typing import Any

import aiosql

from schemas.contact_described.v1 import ContactDescribed
from services.kernel.envelope import Event, Outgoing
from services.kernel.postgres import PostgresStore, Transaction
from services.notifier.domain.letter import Occasion, about
from services.notifier.domain.outcome import Outcome, Verdict
from services.notifier.domain.recipient import notification_id
from services.notifier.handler import Due, LeaseLost

QUERIES: Any = aiosql.from_path(Path(__file__).with_name("desk.sql"), "psycopg")


class PostgresDesk:
    """Register and Desk of the handler."""

    def __init__(self, store: PostgresStore) -> None:
        """Works in the store's schema."""
        self._store = store

    def keep_contact(self, contact: ContactDescribed, transaction: Transaction) -> None:
        """Keep the contact unless a later version is known."""
        kept = {"company_id", "version", "company_name", "file_code", "sealed_address"}
        QUERIES.keep_contact(transaction.connection, **contact.model_dump(include=kept))

    def forget_contact(self, company_id: str) -> None:
        """Delete the contact and its address."""
        with self._store.connection() as connection:
            QUERIES.forget_contact(connection, company_id=company_id)

    def reserve(self, kind: str, event: Event[Occasion], at: datetime, transaction: Transaction) -> bool:
        """Insert the notification's row; False when it exists."""
        row = {
            "notification_id": notification_id(kind, about(event.data)),
            "kind": kind,
            "about": about(event.data),
            "company_id": event.data.company_id,
            "facts": event.data.model_dump_json(),
            "occurred_at": at,
            "caused_by": event.id,
            "traceparent": event.traceparent,
        }
        return bool(QUERIES.reserve(transaction.connection, **row))

    def take(self, now: datetime, lease_until: datetime) -> Due | None:
        """Lease the notification due first whose contact is known."""
        with self._store.connection() as connection:
            row = QUERIES.take(connection, now=now, lease_until=lease_until)
        return Due(*row) if row else None

    def bind(self, due: Due, message: str) -> None:
        """Write down the attempt's Message-ID. Raises LeaseLost."""
        with self._store.connection() as connection:
            if not QUERIES.bind(connection, notification_id=due.notification_id, leased_until=due.leased_until, message_id=message):
                raise LeaseLost(due.notification_id)

    def sent(self, due: Due, message: str, at: datetime, announcement: Outgoing) -> None:
        """Mark it sent and announce it in one transaction; the second time, nothing."""
        with self._store.transaction() as transaction:
            if QUERIES.mark_sent(transaction.connection, notification_id=due.notification_id, message_id=message, sent_at=at):
                transaction.send(announcement)

    def postpone(self, due: Due, outcome: Outcome, until: datetime) -> None:
        """Back among the reserved, due at `until`."""
        self._set_aside("reserved", due, outcome, until)

    def suppress(self, due: Due, outcome: Outcome, at: datetime) -> None:
        """Suppressed since `at`, with the reason."""
        self._set_aside("suppressed", due, outcome, at)

    def _set_aside(self, state: str, due: Due, outcome: Outcome, next_attempt_at: datetime) -> None:
        with self._store.connection() as connection:
            QUERIES.set_aside(
                connection,
                notification_id=due.notification_id,
                leased_until=due.leased_until,
                state=state,
                reason=outcome.reason,
                detail=outcome.detail,
                unclear=int(outcome.verdict is Verdict.UNCLEAR),
                next_attempt_at=next_attempt_at,
            )
