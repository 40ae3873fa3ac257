"""Reading a broker in tests: wait for a state while every reader polls; positions kept in memory; everything in a topic."""

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

from confluent_kafka import Consumer, TopicPartition

from services.kernel.envelope import Outgoing, Record
from services.kernel.errors import BrokerSilent
from services.kernel.kafka import KafkaSource
from services.kernel.ports import Source

PATIENCE_SECONDS = 60.0


class Book:
    """Positions kept in memory, as the ledger keeps them in its book: where each partition starts, and what was taken and released."""

    def __init__(self, starts: Mapping[int, int] | None = None) -> None:
        """`starts` by partition; those not in it start at the beginning."""
        self.starts, self.taken, self.released = starts or {}, list[int](), list[int]()

    def take(self, topic: str, topic_id: str, partition: int) -> int | None:
        assert topic_id
        self.taken.append(partition)
        return self.starts.get(partition)

    def release(self, topic: str, partition: int) -> None:
        self.released.append(partition)

    @property
    def owned(self) -> list[int]:
        """The partitions taken and not released since."""
        return sorted(p for p in set(self.taken) if self.taken.count(p) > self.released.count(p))


def group() -> str:
    """A consumer group of the test's own."""
    return f"group-{uuid.uuid4().hex[:8]}"


def until(state: Callable[[], bool], *sources: Source) -> None:
    """Have every source poll in turn until `state()`; no record is expected meanwhile."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not state():
        assert time.monotonic() < deadline, "the state never came"
        assert [] == [record for source in sources for record in source.poll(100, 0.1)]


def wait_until(state: Callable[[], bool]) -> None:
    """Look every few milliseconds, for as long as patience lasts."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not state():
        assert time.monotonic() < deadline, "the state never came"
        time.sleep(0.02)


def read(count: int, *sources: Source, limit: int = 100) -> list[list[Record]]:
    """The next `count` records (or a few more), `limit` at a time, whoever of the sources gets them: one list each."""
    found: list[list[Record]] = [[] for _ in sources]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while sum(map(len, found)) < count:
        assert time.monotonic() < deadline, f"{sum(map(len, found))} of {count} records came"
        for records, source in zip(found, sources, strict=True):
            with suppress(BrokerSilent):  # for a moment, or patience ends
                records += source.poll(limit, 0.1)
    return found


def content(messages: Sequence[Outgoing] | Sequence[Record]) -> list[tuple[object, ...]]:
    """Key, value and headers of each: what must arrive byte for byte."""
    return [(one.key, one.value, one.headers) for one in messages]


def everything(bootstrap: str, topic: str) -> list[Record]:
    """All that is in a topic of a real Kafka, partition by partition, in order; no group that a test uses is touched."""
    client = Consumer({"bootstrap.servers": bootstrap, "group.id": group()})
    places = [TopicPartition(topic, partition) for partition in client.list_topics(topic, 30).topics[topic].partitions]
    count = sum(high - low for low, high in (client.get_watermark_offsets(place, 30) for place in places))
    client.close()
    source = KafkaSource(bootstrap, group(), [topic])
    records = read(count, source)[0]
    source.close()
    return sorted(records, key=lambda record: (record.partition, record.offset))
