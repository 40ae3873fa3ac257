"""The Kafka adapter on a real broker: acknowledged sends, own positions, rebalances, and a log that was cut."""

import time
import uuid
from collections.abc import Callable, Sequence

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from services.kernel.envelope import Outgoing, Record
from services.kernel.errors import Unavailable
from services.kernel.kafka import KafkaSender, KafkaSource, LogLost
from tests.support.kernel import outgoing
from tests.support.local import SessionBroker

PATIENCE_SECONDS = 40.0


class Book:
    """Positions kept in memory, as the ledger keeps them in its book."""

    def __init__(self, start: int | None = None) -> None:
        self.start, self.taken, self.released = start, list[tuple[str, int]](), list[tuple[str, int]]()

    def take(self, topic: str, topic_id: str, partition: int) -> int | None:
        assert topic_id
        self.taken.append((topic, partition))
        return self.start

    def release(self, topic: str, partition: int) -> None:
        self.released.append((topic, partition))


def read(source: KafkaSource, count: int) -> list[Record]:
    """The next `count` records."""
    records: list[Record] = []
    deadline = time.monotonic() + PATIENCE_SECONDS
    while len(records) < count:
        assert time.monotonic() < deadline, f"{len(records)} of {count} records came"
        records += source.poll(100, 0.2)
    return records


def fill(broker: SessionBroker, topic: str, count: int) -> list[Outgoing]:
    """That many messages of one company, sent and acknowledged."""
    messages = [outgoing(topic, n) for n in range(count)]
    assert count == KafkaSender(broker.bootstrap, "test").send(messages)
    return messages


def group() -> str:
    """A consumer group of the test's own."""
    return f"group-{uuid.uuid4().hex[:8]}"


def test_what_is_sent_is_read_with_headers(broker: SessionBroker, new_topic: Callable[[int], str]):
    """Key, value and headers come back byte for byte, in order."""
    topic = new_topic(1)
    sent = fill(broker, topic, 3)
    source = KafkaSource(broker.bootstrap, group(), [topic])
    records = read(source, 3)
    source.close()
    assert [(one.key, one.value, one.headers) for one in sent] == [(one.key, one.value, one.headers) for one in records]


def test_a_committed_record_does_not_come_again(broker: SessionBroker, new_topic: Callable[[int], str]):
    """The offset is the last thing written: what was committed is behind us, the rest comes again."""
    topic, name = new_topic(1), group()
    fill(broker, topic, 4)
    first = KafkaSource(broker.bootstrap, name, [topic])
    first.commit(read(first, 4)[:3])
    first.close()
    second = KafkaSource(broker.bootstrap, name, [topic])
    assert [record.offset for record in read(second, 1)] == [3]
    second.close()


def test_the_book_says_where_to_start(broker: SessionBroker, new_topic: Callable[[int], str]):
    """A consumer with its own positions ignores the group's offsets."""
    topic = new_topic(1)
    fill(broker, topic, 5)
    book = Book(start=3)
    source = KafkaSource(broker.bootstrap, group(), [topic], book)
    assert [record.offset for record in read(source, 2)] == [3, 4]
    source.close()
    assert ([(topic, 0)], [(topic, 0)]) == (book.taken, book.released)


def test_an_empty_book_starts_at_the_beginning(broker: SessionBroker, new_topic: Callable[[int], str]):
    """Nothing was ever read: the beginning of the log."""
    topic = new_topic(1)
    fill(broker, topic, 2)
    source = KafkaSource(broker.bootstrap, group(), [topic], Book())
    assert [record.offset for record in read(source, 2)] == [0, 1]
    source.close()


def test_records_that_are_gone_stop_the_reader(broker: SessionBroker, new_topic: Callable[[int], str]):
    """Retention overtook the book: going on would skip records in silence."""
    topic = new_topic(1)
    fill(broker, topic, 5)
    administrator = AdminClient({"bootstrap.servers": broker.bootstrap})
    administrator.delete_records([TopicPartition(topic, 0, 4)])[TopicPartition(topic, 0)].result(30)
    source = KafkaSource(broker.bootstrap, group(), [topic], Book(start=1))
    with pytest.raises(LogLost):
        read(source, 1)
    source.close()


def test_only_new_partitions_are_taken_in_a_rebalance(broker: SessionBroker, new_topic: Callable[[int], str]):
    """A second member takes over some partitions; the first keeps the others without taking them again, so their epoch stands."""
    topic, name = new_topic(4), group()
    first_book, second_book = Book(), Book()
    first = KafkaSource(broker.bootstrap, name, [topic], first_book)
    _until(lambda: len(first_book.taken) == 4, first)
    second = KafkaSource(broker.bootstrap, name, [topic], second_book)
    _until(lambda: len(second_book.taken) == 2, first, second)
    assert (len(first_book.taken), len(first_book.released)) == (4, 2)
    first.close()
    second.close()


def test_a_topic_that_does_not_exist_acknowledges_nothing(broker: SessionBroker):
    """A broker that takes nothing is an outside part that does not answer: the relay waits and is not ready."""
    sender = KafkaSender(broker.bootstrap, "test", acknowledge_seconds=2.0)
    with pytest.raises(Unavailable):
        sender.send([outgoing("no-such-topic", 1)])


def _until(state: Callable[[], bool], *sources: KafkaSource) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not state():
        assert time.monotonic() < deadline
        _turn(sources)


def _turn(sources: Sequence[KafkaSource]) -> None:
    for source in sources:
        source.poll(10, 0.1)
