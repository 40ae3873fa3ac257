"""The real Kafka and its twin in memory behind one face, for tests that both must pass."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import kafka.admin

from services.kernel.envelope import Record
from services.kernel.kafka import KafkaSender, KafkaSource
from services.kernel.ports import Positions, Sender, Source
from tests.simulation.memory.broker import MemoryBroker, MemorySource
from tests.support.reading import everything

ADMIN: Any = kafka.admin  # a checker knows the stubs of an older version


class AnyBroker(Protocol):
    """What the tests ask of either."""

    def topic(self, partitions: int, /) -> str:
        """A new topic with that many partitions; its name."""
        ...

    def source(self, group: str, topics: Sequence[str], positions: Positions | None = None) -> Source: ...

    def sender(self, client_id: str) -> Sender: ...

    def expire(self, source: Source) -> None:
        """The group expels this member, which does not know it yet."""
        ...

    def records(self, topic: str) -> list[Record]:
        """Everything in the topic, partition by partition, in order."""
        ...


class Twin:
    """The one in memory."""

    def __init__(self) -> None:
        self._partitions = dict[str, int]()
        self._broker = MemoryBroker(self._partitions)
        self.source, self.sender, self.records = self._broker.source, self._broker.sender, self._broker.records

    def topic(self, partitions: int) -> str:
        """A topic nobody has used."""
        name = f"topic-{len(self._partitions)}"
        self._partitions[name] = partitions
        return name

    def expire(self, source: Source) -> None:
        """As the simulation says it."""
        assert isinstance(source, MemorySource)
        self._broker.expire(source)


class Real:
    """The session's Kafka, through the kernel's adapters."""

    def __init__(self, bootstrap: str, new_topic: Callable[[int], str]) -> None:
        self._bootstrap, self.topic = bootstrap, new_topic
        self._groups = dict[Source, str]()

    def source(self, group: str, topics: Sequence[str], positions: Positions | None = None) -> Source:
        """A member, remembered with its group."""
        source = KafkaSource(self._bootstrap, group, topics, positions)
        self._groups[source] = group
        return source

    def sender(self, client_id: str) -> Sender:
        """The kernel's."""
        return KafkaSender(self._bootstrap, client_id)

    def expire(self, source: Source) -> None:
        """As an operator expels a member: the same end as six seconds without a heartbeat, at once."""
        assert isinstance(source, KafkaSource)
        member = source._consumer.memberid()  # pyright: ignore[reportPrivateUsage]
        administrator = ADMIN.KafkaAdminClient(bootstrap_servers=self._bootstrap)
        administrator.remove_group_members(self._groups[source], [ADMIN.MemberToRemove(member_id=member)])
        administrator.close()

    def records(self, topic: str) -> list[Record]:
        """Read past every group."""
        return everything(self._bootstrap, topic)
