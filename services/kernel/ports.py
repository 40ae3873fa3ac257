"""What the loops need from outside: a place to read records, a place to send them, and a book of what waits to be sent."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from services.kernel.breaker import Trip
from services.kernel.envelope import Outgoing, Place, Record
from services.kernel.errors import Skipped


class Source(Protocol):
    """Where records come from. One thread uses it."""

    def poll(self, limit: int, wait_seconds: float) -> Sequence[Record]:
        """Up to `limit` records, in order within a partition; empty when none came in time. Raises BrokerSilent."""
        ...

    def commit(self, records: Sequence[Record]) -> None:
        """Say that these records are done. The offset is the last thing written."""

    def close(self) -> None: ...


class Positions(Protocol):
    """A consumer's own record of where it stands, kept with its results."""

    def take(self, topic: str, topic_id: str, partition: int) -> int | None:
        """This process owns the partition from now on; the offset to start at, or None for the beginning of the log."""
        ...

    def release(self, topic: str, partition: int) -> None: ...


class Sender(Protocol):
    """Where records go to."""

    def send(self, messages: Sequence[Outgoing]) -> int:
        """Send in order; how many leading messages every in-sync replica acknowledged. The rest must be sent again. Raises Unavailable."""
        ...


class Unit(Protocol):
    """One transaction: what is claimed and sent in it stands or falls with what else is written in it."""

    def claim(self, event_id: str) -> bool:
        """Take the event; False when it has been handled before."""
        ...

    def send(self, message: Outgoing) -> None:
        """Announce this when, and only when, the transaction commits."""


class Store[T: Unit](Protocol):
    """Where events are handled once. Its transactions raise Unavailable, and Refused for what it cannot keep."""

    def transaction(self) -> AbstractContextManager[T]: ...


class Breaker(Protocol):
    """What stops a service, whichever of its processes found the reason, until an operator resumes. Everything raises Unavailable."""

    def tripped(self) -> bool:
        """Whether nothing may be consumed now."""
        ...

    def trip(self, trip: Trip) -> None:
        """Stop every process of the service; nothing when it is stopped already."""

    def skips(self) -> Mapping[Place, Skipped]:
        """The records to park without looking into them, each with who asked and why."""
        ...


class Pending(Protocol):
    """What is committed and waits to be announced, stripe by stripe, in order."""

    def turn(self, limit: int, send: Callable[[Sequence[Outgoing]], int]) -> int:
        """For each stripe with news: lock it, read up to `limit`, send, mark the acknowledged; how many these were. Raises Unavailable."""
        ...
