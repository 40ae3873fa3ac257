"""Kafka in memory, for a seeded simulation: partitions, groups, members that leave, freeze or die. No threads, no clock.

It passes the tests of the real one (tests/adapters/test_broker.py). Left out on purpose: retention, and time between cause and effect.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from aiokafka import partitioner

from services.kernel.envelope import Outgoing, Record
from services.kernel.kafka import LogLost
from services.kernel.log import log
from services.kernel.names import Log
from services.kernel.ports import Positions

type Place = tuple[str, int]
murmur2: Callable[[bytes], int] = partitioner.murmur2  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


class MemoryBroker:
    """Topics and consumer groups. A topic that is not in `partitions` is a mistake of the simulation: KeyError."""

    def __init__(self, partitions: int | Mapping[str, int], news: Callable[[str], None] = lambda _: None) -> None:
        """`partitions`: of every topic, or of each topic by name. `news` is told the topic of each record, and each group that changes."""
        self._partitions, self._news = partitions, news
        self._logs = defaultdict[Place, list[Record]](list)
        self._groups = dict[str, Group]()

    def group(self, name: str) -> "Group":
        """A consumer group."""
        return self._groups.setdefault(name, Group(partial(self._news, name)))

    def source(self, group: str, topics: Sequence[str], positions: Positions | None = None) -> "MemorySource":
        """A new member of the group, which all subscribe to the same topics; it takes partitions when it polls."""
        return MemorySource(self, self.group(group), topics, positions)

    def sender(self, client_id: str) -> "MemorySender":
        """A producer whose messages are all acknowledged."""
        return MemorySender(self, client_id)

    def expire(self, source: "MemorySource") -> None:
        """The session of a member timed out, because it died or is frozen: its partitions are free for the others."""
        source.group.remove(source)

    def append(self, topic: str, message: Outgoing) -> Record:
        """Put the message at the end of its partition: chosen by murmur2 of the key, or in turn when there is none."""
        places = self.places(topic)
        turn = sum(len(self._logs[place]) for place in places) if message.key is None else murmur2(message.key) & 0x7FFFFFFF
        place = places[turn % len(places)]
        record = Record(topic, place[1], len(self._logs[place]), 0, message.key, message.value, message.headers)
        self._logs[place].append(record)
        self._news(topic)
        return record

    def records(self, topic: str) -> list[Record]:
        """Everything in the topic, partition by partition, in order."""
        return [record for place in self.places(topic) for record in self._logs[place]]

    def places(self, topic: str) -> list[Place]:
        """The partitions of a topic."""
        count = self._partitions if isinstance(self._partitions, int) else self._partitions[topic]
        return [(topic, partition) for partition in range(count)]

    def after(self, place: Place, offset: int, limit: int) -> list[Record]:
        """Up to `limit` records of a partition from `offset` on. Raises LogLost: it is beyond the end, so the log is another one."""
        if offset > len(self._logs[place]):
            raise LogLost(f"{place[0]}/{place[1]}", f"offset {offset} of {len(self._logs[place])}")
        return self._logs[place][offset : offset + limit]


@dataclass(slots=True)
class Group:
    """The members in the order they joined, who owns which partition, how far the group has committed. `changed`: its members must look."""

    changed: Callable[[], None]
    members: "list[MemorySource]" = field(default_factory=list["MemorySource"])
    owners: "dict[Place, MemorySource]" = field(default_factory=dict[Place, "MemorySource"])
    committed: dict[Place, int] = field(default_factory=dict[Place, int])

    def join(self, member: "MemorySource") -> None:
        """Into the group; it owns nothing yet."""
        self.members.append(member)
        self.changed()

    def remove(self, member: "MemorySource") -> None:
        """Out of the group, if it is in it; what it owned is free."""
        self.members = [one for one in self.members if one is not member]
        self.owners = {place: owner for place, owner in self.owners.items() if owner is not member}
        self.changed()

    def share(self, member: "MemorySource", places: Iterable[Place]) -> list[Place]:
        """What this member shall own: as even as can be, moving as little as can be (cooperative-sticky); nothing once it was expelled."""
        shares: dict[MemorySource, list[Place]] = {one: [] for one in self.members}
        for place in sorted(places, key=lambda place: place not in self.owners):
            owner = self.owners.get(place) or min(self.members, key=lambda one: len(shares[one]))
            shares[owner].append(place)
        by_size = sorted(shares.values(), key=len)
        while len(by_size[-1]) - len(by_size[0]) > 1:
            by_size[0].append(by_size[-1].pop())
            by_size.sort(key=len)
        return shares.get(member, [])


class MemorySource:
    """A member of a consumer group. It learns inside `poll` what it lost, must give up or may take, as the real one does."""

    def __init__(self, broker: MemoryBroker, group: Group, topics: Sequence[str], positions: Positions | None) -> None:
        self.group, self._broker, self._topics, self._positions = group, broker, topics, positions
        self._next: dict[Place, int] = {}
        self._dead = False
        group.join(self)

    def poll(self, limit: int, wait_seconds: float) -> Sequence[Record]:
        """Follow the group's rebalance, then up to `limit` records; it never waits. Raises LogLost."""
        assert not self._dead, "a dead process polls nothing"
        if self not in self.group.members:
            self._release(list(self._next))
            self.group.join(self)
        share = self.group.share(self, [place for topic in self._topics for place in self._broker.places(topic)])
        self._release([place for place in self._next if place not in share])
        for place in share:
            if place not in self.group.owners:
                self._take(place)
        return self._read(limit)

    def commit(self, records: Sequence[Record]) -> None:
        """Commit the group's offsets behind these records; who is not in the group any more is refused, which is logged."""
        assert not self._dead, "a dead process commits nothing"
        if self not in self.group.members:
            log.warning(Log.COMMIT_FAILED, error="the member is not in the group")
            return
        self.group.committed |= {(record.topic, record.partition): record.offset + 1 for record in records}

    def close(self) -> None:
        """Leave the group, giving up every partition."""
        assert not self._dead, "a dead process closes nothing"
        self._release(list(self._next))
        self.group.remove(self)

    def die(self) -> None:
        """The process vanishes without leaving: its partitions wait until its session expires (`MemoryBroker.expire`)."""
        self._dead = True

    def _take(self, place: Place) -> None:
        if self._positions is None:
            start = self.group.committed.get(place)
        else:
            start = self._positions.take(place[0], f"id-of-{place[0]}", place[1])
        if self in self.group.members:  # else it was expelled while its positions were asked
            self.group.owners[place], self._next[place] = self, start or 0

    def _release(self, places: Iterable[Place]) -> None:
        for place in places:
            del self._next[place]
            if self.group.owners.get(place) is self:
                del self.group.owners[place]
                self.group.changed()
            if self._positions is not None:
                self._positions.release(*place)

    def _read(self, limit: int) -> list[Record]:
        found = list[Record]()
        for place, start in self._next.items():
            taken = self._broker.after(place, start, limit - len(found))
            self._next[place] += len(taken)
            found += taken
        return found


class MemorySender:
    """A producer: what it sends is in the log and acknowledged, in order."""

    def __init__(self, broker: MemoryBroker, client_id: str) -> None:
        self.client_id, self._broker = client_id, broker

    def send(self, messages: Sequence[Outgoing]) -> int:
        """All of them are acknowledged."""
        for message in messages:
            self._broker.append(message.topic, message)
        return len(messages)
