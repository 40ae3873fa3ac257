"""What the loops need from outside: a place to read records, a place to send them, and a book of what waits to be sent."""

from collections.abc import Callable, Sequence
from typing import Protocol

from services.kernel.envelope import Outgoing, Record


class Source(Protocol):
    """Where records come from. One thread uses it."""

    def poll(self, limit: int, wait_seconds: float) -> Sequence[Record]:
        """Up to `limit` records, in order within a partition; empty when none came in time."""
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


class Pending(Protocol):
    """What is committed and waits to be announced, stripe by stripe, in order."""

    def turn(self, limit: int, send: Callable[[Sequence[Outgoing]], int]) -> int:
        """For each stripe with news: lock it, read up to `limit`, send, mark the acknowledged; how many these were. Raises Unavailable."""
        ...
