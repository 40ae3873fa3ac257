"""What only a real broker can show of the Kafka adapter; what its twin shares is in tests/adapters/test_broker.py."""

from collections.abc import Callable

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from services.kernel.errors import Unavailable
from services.kernel.kafka import KafkaSender, KafkaSource, LogLost
from tests.support.kernel import outgoing
from tests.support.local import SessionBroker
from tests.support.reading import Book, group, read


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
