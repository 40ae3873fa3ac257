"""Mistakes in a store, for seeds that must find them: each takes the place of the twin it derives from."""

from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Any, override

from services.kernel.envelope import Outgoing
from services.kernel.ports import Sender
from services.kernel.postgres import stripe_of
from tests.simulation.memory.store import MemoryOutbox, MemorySession, MemoryStore, MemoryTransaction


class ClaimsEverything(MemoryStore):
    """A repeat is handled again: no claim is refused."""

    class Always(MemoryTransaction):
        """Every event is new."""

        @override
        def claim(self, event_id: str) -> bool:
            """It is."""
            return True

    @override
    def begin(self, session: MemorySession) -> MemoryTransaction:
        """One that claims everything."""
        return self.Always(session)


class ClaimsForGood(MemoryStore):
    """What a transaction claimed stays claimed when it is given up: the claim is committed at once, on its own."""

    class AtOnce(MemoryTransaction):
        """The inbox has transactions of its own."""

        @override
        def claim(self, event_id: str) -> bool:
            """In another transaction, over before this one goes on."""
            with self.session.store.connection() as other:
                return other.table("inbox").insert(event_id, True)

    @override
    def begin(self, session: MemorySession) -> MemoryTransaction:
        """One that claims at once."""
        return self.AtOnce(session)


class PlacesAtSending(MemoryStore):
    """Order is that of sending, not of committing: a message takes its place at once, and holds nothing until the commit."""

    class Numbered(MemoryTransaction):
        """Places come from a sequence."""

        @override
        def send(self, message: Outgoing) -> None:
            """Straight into the outbox."""
            stripe = stripe_of(message)
            self.session.table("outbox")[stripe, self.session.next_value("outbox places")] = message

    @override
    def begin(self, session: MemorySession) -> MemoryTransaction:
        """One that numbers at once."""
        return self.Numbered(session)


class PublishesAfterCommit(MemoryStore):
    """No outbox: what was sent goes to the broker after the commit, and is lost with whoever dies in between."""

    class Unwritten(MemoryTransaction):
        """Keeps what was sent."""

        @override
        def write_outbox(self) -> None:
            """Nothing is written."""

        @property
        def outgoing(self) -> Sequence[Outgoing]:
            """What was sent."""
            return self._outgoing

    def __init__(self, sender: Sender) -> None:
        """`sender` is the way to the broker."""
        super().__init__()
        self._sender = sender

    @override
    @contextmanager
    def transaction(self) -> Generator[MemoryTransaction]:
        """Commit, then publish."""
        with self.connection() as session:
            transaction = self.Unwritten(session)
            yield transaction
        self._sender.send(transaction.outgoing)


class NewestFirst(MemoryOutbox):
    """The outbox is read without its order."""

    @override
    def waiting(self, session: MemorySession, stripe: int) -> list[Any]:
        """The wrong way round."""
        return super().waiting(session, stripe)[::-1]


class ForgetsBeforeTheAcknowledgement(MemoryOutbox):
    """Messages are deleted, the deletion is committed, and only then are they sent."""

    @override
    def announce(self, stripe: int, limit: int, send: Callable[[Sequence[Outgoing]], int]) -> int:
        """What the broker does not take is gone."""
        with self.store.connection() as session:
            outbox = session.table("outbox")
            messages = [outbox.pop(place) for place in self.waiting(session, stripe)[:limit]]
        return send(messages)


class RelaysWithoutLock(MemoryOutbox):
    """Two relays may send one stripe at once."""

    @override
    def announce(self, stripe: int, limit: int, send: Callable[[Sequence[Outgoing]], int]) -> int:
        """Read in one transaction, send in none, delete in another."""
        with self.store.connection() as session:
            places = self.waiting(session, stripe)[:limit]
            messages = [session.table("outbox")[place] for place in places]
        acknowledged = send(messages)
        with self.store.connection() as session:
            for place in places[:acknowledged]:
                session.table("outbox").pop(place, None)
        return acknowledged
