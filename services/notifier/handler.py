"""What the notifier does: a connection is active, or broken → one letter reserved; contact known → letter sent, once; sent → said so."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

from schemas.connection_broken.v1 import ConnectionBroken
from schemas.connection_changed.v1 import ConnectionChanged
from schemas.contact_described.v1 import ContactDescribed
from schemas.notification_sent.v1 import NotificationSent
from schemas.record_parked.v1 import RecordParked
from schemas.registry import retry_topic, topic_for
from services.kernel.clock import Clock, instant
from services.kernel.envelope import Delivery, Event, Outgoing, company_of, encode, event_id
from services.kernel.errors import Poison, SealBroken, Skipped, Unavailable
from services.kernel.log import log
from services.kernel.loop import Handle
from services.kernel.names import Log
from services.kernel.postgres import Transaction
from services.kernel.probes import RETRIES, Health
from services.kernel.sealing import Sealer
from services.notifier import Logged
from services.notifier.domain.letter import Addressee, Letter, Occasion, connection_broken, integration_active
from services.notifier.domain.outcome import Outcome, Verdict, given_up, wait_after
from services.notifier.domain.recipient import is_address, message_id

SERVICE = "notifier"
SOURCE, RETRY = f"/achats/{SERVICE}", retry_topic(SERVICE)
INTEGRATION_ACTIVE, CONNECTION_BROKEN = "integration_active", "connection_broken"
LEASE = timedelta(minutes=5)  # longer than any attempt: after it, the attempt's process is dead
IDLE_SECONDS = 0.5


class CountsMissing(Poison):
    """A connection became active without the counts of its first import."""


class LeaseLost(Unavailable):
    """Another process took this notification while this one was held up."""


@dataclass(frozen=True, slots=True)
class Due:
    """A notification taken for one attempt, which is known by the end of its lease, with the contact it goes to."""

    notification_id: str
    kind: str
    about: str
    company_id: str
    facts: str
    occurred_at: datetime
    caused_by: str
    traceparent: str | None
    attempts: int
    leased_until: datetime
    company_name: str
    file_code: str
    sealed_address: str
    salt: str


@dataclass(frozen=True, slots=True)
class Letterhead:
    """What every letter has: where its links lead, and the domain of its Message-ID."""

    public_url: str
    message_domain: str


class Register(Protocol):
    """What listening needs from storage."""

    def keep_contact(self, contact: ContactDescribed, transaction: Transaction) -> None:
        """Keep the contact unless a later version is known."""
        ...

    def forget_contact(self, company_id: str) -> None:
        """The contact's end."""
        ...

    def reserve(self, kind: str, event: Event[Occasion], at: datetime, transaction: Transaction) -> bool:
        """Reserve the one notification of this kind about what the event is about; False when it was reserved before."""
        ...


class Desk(Protocol):
    """What sending needs from storage. Everything raises Unavailable."""

    def take(self, now: datetime, lease_until: datetime) -> Due | None:
        """The notification due first whose contact is known."""
        ...

    def bind(self, due: Due, message: str) -> None:
        """Write down the attempt's Message-ID. Raises LeaseLost."""
        ...

    def sent(self, due: Due, message: str, at: datetime, announcement: Outgoing) -> None:
        """The letter is accepted: mark it and announce it, once."""
        ...

    def postpone(self, due: Due, outcome: Outcome, until: datetime) -> None:
        """Try again then."""
        ...

    def suppress(self, due: Due, outcome: Outcome, at: datetime) -> None:
        """Not again, until the contact is described anew."""
        ...


class Post(Protocol):
    """The way to a person."""

    def send(self, letter: Letter, address: str, message: str, at: datetime) -> Outcome:
        """Send the letter under this Message-ID, dated `at`. Every failure of the outside is an outcome."""
        ...


class ReserveLetter:
    """connection.changed, to active: one letter of the connection reserved. Replays never mail."""

    def __init__(self, register: Register) -> None:
        """Reserves in `register`."""
        self._register = register

    def __call__(self, event: Event[ConnectionChanged], transaction: Transaction) -> None:
        """Raises CountsMissing."""
        change = event.data
        if event.replay_id or change.to_state != "active":
            return
        if change.counts is None:
            raise CountsMissing(change.subject)
        _reserve(self._register, INTEGRATION_ACTIVE, event, transaction)


class ReserveWarning:
    """connection.broken: one letter of this breakage reserved. Replays never mail."""

    def __init__(self, register: Register) -> None:
        """Reserves in `register`."""
        self._register = register

    def __call__(self, event: Event[ConnectionBroken], transaction: Transaction) -> None:
        """A breakage that is said again is the same one."""
        if not event.replay_id:
            _reserve(self._register, CONNECTION_BROKEN, event, transaction)


class KeepContact:
    """contact.described: the address, still sealed, is where the company's letters go from now on."""

    def __init__(self, register: Register) -> None:
        """Keeps in `register`."""
        self._register = register

    def __call__(self, event: Event[ContactDescribed], transaction: Transaction) -> None:
        """An older version than the one known changes nothing."""
        self._register.keep_contact(event.data, transaction)


class EndContacts:
    """A tombstone among the contacts ends a contact, unless it is skipped; every other record goes on. A repeated end is no harm."""

    def __init__(self, register: Register, topic: str, then: Handle) -> None:
        """`topic` is that of the contacts."""
        self._register, self._topic, self._then = register, topic, then

    def __call__(self, deliveries: Sequence[Delivery]) -> None:
        """One record after the other."""
        for delivery in deliveries:
            record, company_id = delivery.record, company_of(delivery.record)
            is_end = record.value is None and RecordParked.came_on(record.topic, record.headers, RETRY) == self._topic
            if is_end and company_id and not isinstance(delivery.refusal, Skipped):
                self._register.forget_contact(company_id)
            else:
                self._then([delivery])


class Deliver:
    """Take the letter that is due, open its address, write it, send it, and write down what came of it."""

    def __init__(self, desk: Desk, post: Post, sealer: Sealer, letterhead: Letterhead, clock: Clock, jitter: Callable[[], int]) -> None:
        """`jitter` gives numbers from 0 to 100 that spread the attempts."""
        self._desk, self._post, self._sealer, self._letterhead = desk, post, sealer, letterhead
        self._clock, self._jitter = clock, jitter
        self._unrecorded: Callable[[], None] | None = None

    def turn(self) -> bool:
        """Deliver one letter; False when none is due. Raises Unavailable: the next turn first records what this one could not."""
        self._record()
        now = self._clock.now()
        due = self._desk.take(now, now + LEASE)
        if due is None:
            return False
        self._unrecorded = self._attempt(due)
        self._record()
        return True

    def until(self, stop: threading.Event, health: Health) -> None:
        """Deliver what is due until `stop`; a database that does not answer is waited for."""
        while not stop.is_set():
            try:
                busy = self.turn()
                health.turned("deliver")
            except Unavailable as trouble:
                log.warning(Log.RETRYING, loop="deliver", trouble=str(trouble))
                RETRIES.labels("deliver").inc()
                health.turned("deliver", able=False)
                busy = False
            if not busy:
                stop.wait(IDLE_SECONDS)

    def _record(self) -> None:
        if self._unrecorded:
            self._unrecorded()
            self._unrecorded = None

    def _attempt(self, due: Due) -> Callable[[], None]:
        """One attempt; what is then to be written down."""
        try:
            address = self._sealer.open(due.sealed_address, due.company_id).decode(errors="replace")
        except SealBroken as broken:
            return self._aside(due, Outcome(Verdict.DEFERRED, broken.reason, str(broken)))
        if not is_address(address):
            return self._aside(due, Outcome(Verdict.REFUSED, "address_invalid"))
        message = message_id(due.notification_id, address, due.salt, self._letterhead.message_domain)
        self._desk.bind(due, message)
        outcome = self._post.send(self._letter(due), address, message, self._clock.now())
        if outcome.verdict is not Verdict.ACCEPTED:
            return self._aside(due, outcome)
        _note(due, outcome)
        at = self._clock.now()
        return partial(self._desk.sent, due, message, at, _announcement(due, message, at))

    def _letter(self, due: Due) -> Letter:
        to = Addressee(due.company_name, due.file_code)
        if due.kind == CONNECTION_BROKEN:
            return connection_broken(ConnectionBroken.model_validate_json(due.facts, extra="ignore"), to, self._letterhead.public_url)
        fact = ConnectionChanged.model_validate_json(due.facts, extra="ignore")
        assert fact.counts is not None  # ReserveLetter saw to it
        return integration_active(fact, fact.counts, to, due.occurred_at, self._letterhead.public_url)

    def _aside(self, due: Due, outcome: Outcome) -> Callable[[], None]:
        """Later, or never: as the outcome and the number of attempts say."""
        wait = wait_after(due.attempts, self._jitter())
        if outcome.verdict is not Verdict.REFUSED and wait is None:
            outcome = given_up(outcome)
        _note(due, outcome)
        now = self._clock.now()
        if outcome.verdict is Verdict.REFUSED or wait is None:
            return partial(self._desk.suppress, due, outcome, now)
        return partial(self._desk.postpone, due, outcome, now + wait)


def _reserve(register: Register, kind: str, event: Event[Occasion], transaction: Transaction) -> None:
    reserved = register.reserve(kind, event, datetime.fromisoformat(event.time), transaction)
    log.info(Logged.NOTIFICATION_RESERVED if reserved else Logged.NOTIFICATION_REPEATED, kind=kind, about=event.data.subject)


def _announcement(due: Due, message: str, at: datetime) -> Outgoing:
    """notification.sent, the only one of this notification."""
    data = NotificationSent(
        company_id=due.company_id,
        notification_id=due.notification_id,
        kind=due.kind,
        about=due.about,
        channel="email",
        message_id=message,
        sent_at=instant(at),
    )
    identity = event_id(SOURCE, data.ce_type, data.subject, 1)
    event = Event(identity, SOURCE, instant(at), data, causation_id=due.caused_by, traceparent=due.traceparent)
    return encode(event, topic_for(SERVICE, NotificationSent))


def _note(due: Due, outcome: Outcome) -> None:
    """The attempt's one line in the log: never the address, nor the server's words, which may contain it."""
    log.info(
        Logged.NOTIFICATION_TRIED,
        notification_id=due.notification_id,
        company_id=due.company_id,
        attempt=due.attempts,
        verdict=outcome.verdict,
        reason=outcome.reason,
    )
