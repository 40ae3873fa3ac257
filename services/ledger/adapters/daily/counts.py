"""What the fetcher counted, read from the audit topic up to its present end: nothing is committed, no group is joined."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import stamina
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from schemas.emissions_counted.v1 import EmissionsCounted
from schemas.registry import topic_for
from services.kernel.envelope import Record, decode
from services.kernel.errors import Unavailable

TOPIC = topic_for("fetcher", EmissionsCounted)
TYPES = {EmissionsCounted.ce_type: EmissionsCounted}
ANSWER_SECONDS = 30.0
READING: dict[str, str | int | bool] = {
    "group.id": "achats-ledger-counts",
    "enable.auto.commit": False,
    "enable.partition.eof": True,
    "auto.offset.reset": "earliest",
    "isolation.level": "read_committed",
}


@dataclass(frozen=True, slots=True)
class Count:
    """The fetcher's last word about a company and a day, and when it reached the topic."""

    data: EmissionsCounted
    at: datetime


def counts_since(kafka: str, since: datetime) -> list[Count]:
    """The counts that reached the topic since then, the highest of each company and day. Raises Unavailable, Poison."""
    latest = dict[tuple[str, date], Count]()
    for record in _records(kafka, since):
        event = decode(record, TYPES)
        if event is not None:
            said: EmissionsCounted = event.data
            former = latest.get((said.company_id, said.day))
            if former is None or former.data.count <= said.count:
                latest[said.company_id, said.day] = Count(said, datetime.fromtimestamp(record.timestamp_ms / 1000, UTC))
    return [latest[key] for key in sorted(latest)]


def _records(kafka: str, since: datetime) -> Iterator[Record]:
    """The topic's records from that time on; a partition is through when its end has come."""
    with closing(Consumer({**READING, "bootstrap.servers": kafka})) as consumer:
        try:
            places = _places(consumer, since)
            consumer.assign(places)
            left = {place.partition for place in places}
            while left:
                message = _polled(consumer)
                if message.error() is None:
                    yield _record(message)
                else:
                    left.discard(message.partition() or 0)
        except KafkaException as trouble:
            raise Unavailable("Kafka", trouble) from trouble


@stamina.retry(on=KafkaException, attempts=None, timeout=ANSWER_SECONDS)
def _places(consumer: Consumer, since: datetime) -> list[TopicPartition]:
    """Where to begin in each partition. One that changes its leader is asked again."""
    found: Any = consumer.list_topics(TOPIC, ANSWER_SECONDS).topics[TOPIC]
    moment = int(since.timestamp() * 1000)
    return consumer.offsets_for_times([TopicPartition(TOPIC, number, moment) for number in found.partitions], ANSWER_SECONDS)


def _polled(consumer: Consumer) -> Message:
    """A record, or the word that a partition has come to its end. Raises KafkaException, Unavailable."""
    message = consumer.poll(ANSWER_SECONDS)
    if message is None:
        raise Unavailable("Kafka", f"{TOPIC} does not come to its end")
    error = message.error()
    if error is not None and error.code() != KafkaError._PARTITION_EOF:  # pyright: ignore[reportPrivateUsage]
        raise KafkaException(error)
    return message


def _record(message: Message) -> Record:
    headers: Any = message.headers() or ()
    partition, offset, time = message.partition() or 0, message.offset() or 0, message.timestamp()[1]
    return Record(TOPIC, partition, offset, time, _bytes(message.key()), _bytes(message.value()), tuple(headers))


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
