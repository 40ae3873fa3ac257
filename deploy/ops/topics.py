"""Topics on a broker, made from schemas/topics.yaml with kafka-python. Never deletes one, never changes a partition count."""

from collections.abc import Sequence
from typing import Any, cast

from kafka.admin import KafkaAdminClient, NewTopic

from schemas.registry import Topic, topics


class TopicsDiffer(Exception):
    """A topic on the broker differs from topics.yaml in its number of partitions, which cannot change: keys would move."""

    next_action = "Make a new major version of the topic, or start on an empty broker."


def apply(bootstrap: str, replication: int) -> list[str]:
    """Create the topics that are missing; their names. Raises TopicsDiffer."""
    admin: Any = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        existing = _partition_counts(admin)
        _compare(existing, topics())
        missing = [topic for topic in topics() if topic.name not in existing]
        if missing:
            admin.create_topics([_new(topic, replication) for topic in missing], timeout_ms=60_000)
        return [topic.name for topic in missing]
    finally:
        admin.close()


def missing(bootstrap: str) -> list[str]:
    """The topics of topics.yaml that the broker does not have. Raises TopicsDiffer."""
    admin: Any = KafkaAdminClient(bootstrap_servers=bootstrap)
    try:
        existing = _partition_counts(admin)
        _compare(existing, topics())
        return [topic.name for topic in topics() if topic.name not in existing]
    finally:
        admin.close()


def _partition_counts(admin: Any) -> dict[str, int]:
    described = cast("list[dict[str, Any]]", admin.describe_topics())
    return {str(row.get("name") or row.get("topic")): len(row["partitions"]) for row in described}


def _compare(existing: dict[str, int], wanted: Sequence[Topic]) -> None:
    for topic in wanted:
        if existing.get(topic.name, topic.partitions) != topic.partitions:
            raise TopicsDiffer(f"{topic.name}: {existing[topic.name]} partitions, not {topic.partitions}")


def _new(topic: Topic, replication: int) -> Any:
    return NewTopic(topic.name, num_partitions=topic.partitions, replication_factor=replication, topic_configs=topic.configuration)
