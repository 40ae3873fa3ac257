"""An in-memory schema: read committed, rows locked by whoever writes them, transactions that commit whole or not at all."""

from collections import defaultdict
from collections.abc import Callable, Generator, Hashable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, cast

from psycopg import Connection

from services.kernel.envelope import Outgoing
from services.kernel.errors import Unavailable
from services.kernel.postgres import Transaction, stripe_of

type Place = tuple[str, Hashable]

GONE = object()


def refuse_to_wait() -> NoReturn:
    """What a store does at a locked row unless it is told to let others run: the lock timeout. Raises Unavailable."""
    raise Unavailable("a row is locked")


class MemorySession:
    """One session with one transaction: what it wrote is its own until `commit`."""

    def __init__(self, store: "MemoryStore") -> None:
        self.store = store
        self._written = defaultdict[str, dict[Hashable, Any]](dict)
        self._held = set[Place]()
        self._ended = False

    def table(self, name: str) -> "MemoryTable":
        """A table as this transaction sees it."""
        return MemoryTable(self, name)

    def lock(self, place: Place) -> None:
        """Hold this row until the transaction ends; wait while another has it. Raises Unavailable."""
        while not self.try_lock(place):
            self.store.wait()

    def try_lock(self, place: Place) -> bool:
        """Hold this row until the transaction ends, unless another has it. Raises Unavailable."""
        self._living()
        if self.store.locks.setdefault(place, self) is not self:
            return False
        self._held.add(place)
        return True

    def next_value(self, sequence: str) -> int:
        """The next number of a sequence, from 1 on. No rollback gives it back, no lock keeps others from drawing theirs."""
        self._living()
        self.store.sequences[sequence] += 1
        return self.store.sequences[sequence]

    def end(self) -> None:
        """Another session ends this one: nothing of it is kept, and whatever it does next fails."""
        self._ended = True
        self.rollback()

    def read(self, name: str) -> dict[Hashable, Any]:
        """The rows of a table: what is committed, with what this transaction wrote."""
        self._living()
        rows = {**self.store.rows[name], **self._written[name]}
        return {key: row for key, row in rows.items() if row is not GONE}

    def find(self, place: Place) -> Any:
        """One row as `read` would show it, or GONE."""
        self._living()
        name, key = place
        return self._written[name].get(key, self.store.rows[name].get(key, GONE))

    def insert(self, place: Place, row: object) -> bool:
        """`on conflict do nothing`: whether the row is new. Waits for who is writing it; locks none that stands. Raises Unavailable."""
        while not self._stands(place):
            if self.try_lock(place):
                self.write(place, row)
                return True
            self.store.wait()
        return False

    def write(self, place: Place, row: object) -> None:
        """A row, or GONE, once the row is ours. Raises Unavailable."""
        self.lock(place)
        name, key = place
        self._written[name][key] = row

    def commit(self) -> None:
        """Make everything this transaction wrote visible at once. Raises Unavailable: nothing is."""
        self._living()
        if any(self._written.values()):
            self.store.news()
        for name, written in self._written.items():
            rows = self.store.rows[name]
            rows.update((key, row) for key, row in written.items() if row is not GONE)
            for key in [key for key, row in written.items() if row is GONE]:
                rows.pop(key, None)
        self.rollback()

    def rollback(self) -> None:
        """Forget what was written and let the rows go."""
        self._written.clear()
        for place in self._held:
            del self.store.locks[place]
        self._held.clear()

    def _stands(self, place: Place) -> bool:
        """Whether the row is there, and no other transaction has written it."""
        holder = self.store.locks.get(place, self)
        return self.find(place) is not GONE and (holder is self or place[1] not in holder._written[place[0]])

    def _living(self) -> None:
        if self._ended:
            raise Unavailable("PostgreSQL", "this session was ended")


class MemoryTable(MutableMapping[Any, Any]):
    """Rows by their primary key. A row is immutable: change it by writing another in its place, which locks it."""

    def __init__(self, session: MemorySession, name: str) -> None:
        self._session, self._name = session, name

    def insert(self, key: Hashable, row: object) -> bool:
        """`on conflict do nothing`: whether the row is new."""
        return self._session.insert((self._name, key), row)

    def __getitem__(self, key: Hashable) -> Any:
        row = self._session.find((self._name, key))
        if row is GONE:
            raise KeyError(key)
        return row

    def __setitem__(self, key: Hashable, row: object) -> None:
        self._session.write((self._name, key), row)

    def __delitem__(self, key: Hashable) -> None:
        if key not in self:
            raise KeyError(key)
        self._session.write((self._name, key), GONE)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._session.read(self._name))

    def __len__(self) -> int:
        return len(self._session.read(self._name))


class MemoryTransaction(Transaction):
    """The kernel's Transaction over a memory session, which adapters find as `connection`."""

    def __init__(self, session: MemorySession) -> None:
        super().__init__(cast(Connection, session))
        self.session = session

    def claim(self, event_id: str) -> bool:
        """Take the event; False when it has been handled before."""
        return self.session.table("inbox").insert(event_id, True)

    def write_outbox(self) -> None:
        """Put what was sent behind everything that is committed in its stripes."""
        heads, outbox = self.session.table("outbox_head"), self.session.table("outbox")
        for stripe in sorted({stripe_of(message) for message in self._outgoing}):
            self.session.lock(("outbox_head", stripe))
            for message in (message for message in self._outgoing if stripe_of(message) == stripe):
                heads[stripe] = heads.get(stripe, 0) + 1
                outbox[stripe, heads[stripe]] = message
        self._outgoing.clear()


class MemoryStore:
    """One service's schema; stands in for PostgresStore."""

    def __init__(self, wait: Callable[[], None] = refuse_to_wait, news: Callable[[], None] = lambda: None) -> None:
        """`wait` is called while another transaction holds a row, `news` at every commit that changes something."""
        self.wait, self.news = wait, news
        self.rows = defaultdict[str, dict[Hashable, Any]](dict)
        self.locks = dict[Place, MemorySession]()
        self.sequences = defaultdict[str, int](int)

    def begin(self, session: MemorySession) -> MemoryTransaction:
        """The kernel's transaction of this session."""
        return MemoryTransaction(session)

    @contextmanager
    def connection(self) -> Generator[MemorySession]:
        """One transaction."""
        session = MemorySession(self)
        try:
            yield session
            session.commit()
        finally:
            session.rollback()

    @contextmanager
    def transaction(self) -> Generator[MemoryTransaction]:
        """One transaction that claims and announces."""
        with self.connection() as session:
            transaction = self.begin(session)
            yield transaction
            transaction.write_outbox()


class MemoryOutbox:
    """What waits in a memory store's outbox, as a relay wants it."""

    def __init__(self, store: MemoryStore) -> None:
        self.store = store

    def turn(self, limit: int, send: Callable[[Sequence[Outgoing]], int]) -> int:
        """Announce up to `limit` messages of each stripe with news; how many."""
        with self.store.connection() as session:
            stripes = sorted({place[0] for place in session.table("outbox")})
        return sum(self.announce(stripe, limit, send) for stripe in stripes)

    def announce(self, stripe: int, limit: int, send: Callable[[Sequence[Outgoing]], int]) -> int:
        """Announce up to `limit` messages of this stripe, unless another relay is at it; how many."""
        with self.store.connection() as session:
            if not session.try_lock(("outbox relay", stripe)):
                return 0
            outbox = session.table("outbox")
            places = self.waiting(session, stripe)[:limit]
            acknowledged = send([outbox[place] for place in places])
            for place in places[:acknowledged]:
                del outbox[place]
            return acknowledged

    def waiting(self, session: MemorySession, stripe: int) -> list[Any]:
        """The places of this stripe's messages, in the order in which they are to be sent."""
        return sorted(place for place in session.table("outbox") if place[0] == stripe)
