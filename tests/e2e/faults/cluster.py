"""Who leads what in a Kafka cluster, and whether every copy is there."""

from typing import Any

from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec

from schemas.invoice_collected.v1 import InvoiceCollected
from schemas.registry import topic_for

ANSWER_SECONDS = 10.0
COORDINATED_BY = "__consumer_offsets"  # one partition here: its leader coordinates every group


def leader_of_the_busiest_partition(bootstrap: str) -> int:
    """The node that leads the partition with the most collected documents."""
    admin, name = _admin(bootstrap), topic_for("fetcher", InvoiceCollected)
    places = [TopicPartition(name, n) for n in admin.list_topics(name, ANSWER_SECONDS).topics[name].partitions]
    ends = admin.list_offsets(dict.fromkeys(places, OffsetSpec.latest()))
    busiest = max(places, key=lambda place: ends[place].result(ANSWER_SECONDS).offset)
    return _leader(admin, name, busiest.partition)


def coordinator(bootstrap: str) -> int:
    """The node that coordinates the consumer groups."""
    return _leader(_admin(bootstrap), COORDINATED_BY, 0)


def in_sync(bootstrap: str, copies: int) -> bool:
    """Whether every partition has that many copies in sync."""
    known = _admin(bootstrap).list_topics(timeout=ANSWER_SECONDS).topics
    return all(len(partition.isrs) == copies for topic in known.values() for partition in topic.partitions.values())


def _leader(admin: Any, name: str, partition: int) -> int:
    return admin.list_topics(name, ANSWER_SECONDS).topics[name].partitions[partition].leader


def _admin(bootstrap: str) -> Any:
    return AdminClient({"bootstrap.servers": bootstrap, "log_level": 0})
