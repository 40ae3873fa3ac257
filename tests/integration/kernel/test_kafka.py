"""What only a real broker can show of the Kafka adapter; what its twin shares is in tests/adapters/test_broker.py."""

from collections.abc import Callable
from typing import Any

import pytest
from confluent_kafka import ConsumerGroupTopicPartitions, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient

from services.kernel import kafka
from services.kernel.errors import Unavailable
from services.kernel.kafka import KafkaSender, KafkaSource, LogLost
from tests.support.kernel import outgoing
from tests.support.local import SessionBroker
from tests.support.reading import Book, group, read, until


def test_records_that_are_gone_stop_the_reader(broker: SessionBroker, new_topic: Callable[[int], str]):
    """Retention overtook the book: going on would skip records in silence."""
    topic = new_topic(1)
    assert 5 == KafkaSender(broker.bootstrap, "test").send([outgoing(topic, n) for n in range(5)])
    administrator = AdminClient({"bootstrap.servers": broker.bootstrap})
    administrator.delete_records([TopicPartition(topic, 0, 4)])[TopicPartition(topic, 0)].result(30)
    source = KafkaSource(broker.bootstrap, group(), [topic], Book({0: 1}))
    with pytest.raises(LogLost):
        read(1, source)
    source.close()


def test_a_topic_that_does_not_exist_acknowledges_nothing(broker: SessionBroker):
    """A broker that takes nothing is an outside part that does not answer: the relay waits and is not ready."""
    sender = KafkaSender(broker.bootstrap, "test", acknowledge_seconds=2.0)
    with pytest.raises(Unavailable):
        sender.send([outgoing("no-such-topic", 1)])


class AmidARebalance:
    """A consumer whose first commit is refused, as a real broker does for a moment of each rebalance."""

    def __init__(self, consumer: Any) -> None:
        self._consumer, self._refused = consumer, False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._consumer, name)

    def commit(self, **given: Any) -> None:
        """Refused once."""
        if not self._refused:
            self._refused = True
            raise KafkaException(KafkaError(KafkaError.REBALANCE_IN_PROGRESS))
        self._consumer.commit(**given)


def test_a_commit_that_is_refused_is_made_up_for(broker: SessionBroker, new_topic: Callable[[int], str], monkeypatch: pytest.MonkeyPatch):
    """A partition that stays with its member brings nothing again; unless the offset is committed later, the group seems behind."""
    monkeypatch.setattr(kafka, "SIGN_OF_LIFE_SECONDS", 2.0)
    topic, name = new_topic(1), group()
    KafkaSender(broker.bootstrap, "test").send([outgoing(topic, n) for n in range(3)])
    source = KafkaSource(broker.bootstrap, name, [topic])
    records = read(3, source)[0]
    monkeypatch.setattr(source, "_consumer", AmidARebalance(source._consumer))  # pyright: ignore[reportPrivateUsage]
    source.commit(records)
    assert [] == committed(broker, name)
    until(lambda: [(topic, 0, 3)] == committed(broker, name), source)
    source.close()


def committed(broker: SessionBroker, name: str) -> list[tuple[str, int, int]]:
    """What the group has committed: topic, partition, offset."""
    administrator: Any = AdminClient({"bootstrap.servers": broker.bootstrap})
    asked = administrator.list_consumer_group_offsets([ConsumerGroupTopicPartitions(name)])[name].result(30)
    return [(one.topic, one.partition, one.offset) for one in asked.topic_partitions]
