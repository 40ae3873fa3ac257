"""Three Python clients of Kafka behind two functions each: write these, read all; each with the settings its service or an operator has."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, cast

import aiokafka
import kafka

from services.kernel.envelope import Headers, Outgoing, Record
from services.kernel.kafka import KafkaSender
from tests.support.reading import everything

KAFKA_PYTHON: Any = kafka  # a checker knows the stubs of an older version
LONGEST_BYTES = 8_388_608
PATIENCE_SECONDS = 60

type Write = Callable[[str, Sequence[Outgoing]], None]
type Read = Callable[[str, str], list[Record]]


def write_confluent(bootstrap: str, messages: Sequence[Outgoing]) -> None:
    """As fetcher, ledger and notifier do: the kernel's sender."""
    assert len(messages) == KafkaSender(bootstrap, "test").send(messages)


def write_kafka_python(bootstrap: str, messages: Sequence[Outgoing]) -> None:
    """As an operator's script would."""
    settings: dict[str, Any] = {"compression_type": "zstd", "acks": "all", "max_request_size": LONGEST_BYTES}
    producer: Any = KAFKA_PYTHON.KafkaProducer(bootstrap_servers=bootstrap, **settings)
    sent = [producer.send(one.topic, one.value, one.key, headers=list(one.headers)) for one in messages]
    for one in sent:
        one.get(PATIENCE_SECONDS)
    producer.close()


def write_aiokafka(bootstrap: str, messages: Sequence[Outgoing]) -> None:
    """As faust does in the classifier."""

    async def write() -> None:
        settings: dict[str, Any] = {"compression_type": "zstd", "acks": "all", "max_request_size": LONGEST_BYTES}
        producer: Any = aiokafka.AIOKafkaProducer(bootstrap_servers=bootstrap, **settings)
        await producer.start()
        try:
            for one in messages:
                await producer.send_and_wait(one.topic, one.value, one.key, headers=list(one.headers))
        finally:
            await producer.stop()

    _run(write())


def read_kafka_python(bootstrap: str, topic: str) -> list[Record]:
    """All partitions from their beginning to the end they have now. Raises CorruptRecordError."""
    consumer: Any = KAFKA_PYTHON.KafkaConsumer(bootstrap_servers=bootstrap, fetch_max_bytes=2 * LONGEST_BYTES)
    places: list[Any] = [KAFKA_PYTHON.TopicPartition(topic, partition) for partition in consumer.partitions_for_topic(topic)]
    consumer.assign(places)
    consumer.seek_to_beginning(*places)
    ends = {place: end for place, end in consumer.end_offsets(places).items() if end}
    found: list[Record] = []
    while any(consumer.position(place) < end for place, end in ends.items()):
        found += [_record(one) for batch in consumer.poll(timeout_ms=1000).values() for one in batch]
    consumer.close()
    return _sorted(found)


def read_aiokafka(bootstrap: str, topic: str) -> list[Record]:
    """The same. Raises CorruptRecordException."""

    async def read() -> list[Record]:
        consumer: Any = aiokafka.AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest")
        await consumer.start()
        try:
            ends = {place: end for place, end in (await consumer.end_offsets(consumer.assignment())).items() if end}
            found: list[Record] = []
            for place, end in ends.items():
                while await consumer.position(place) < end:
                    found += [_record(one) for batch in (await consumer.getmany(timeout_ms=1000)).values() for one in batch]
            return _sorted(found)
        finally:
            await consumer.stop()

    return _run(read())


WRITERS: dict[str, Write] = {"confluent-kafka": write_confluent, "kafka-python": write_kafka_python, "aiokafka": write_aiokafka}
READERS: dict[str, Read] = {"confluent-kafka": everything, "kafka-python": read_kafka_python, "aiokafka": read_aiokafka}


def _run[R](work: Coroutine[Any, Any, R]) -> R:
    return asyncio.run(asyncio.wait_for(work, PATIENCE_SECONDS))


def _record(one: Any) -> Record:
    headers = cast("Headers", tuple((name, value) for name, value in one.headers))
    return Record(one.topic, one.partition, one.offset, one.timestamp, one.key, one.value, headers)


def _sorted(records: list[Record]) -> list[Record]:
    return sorted(records, key=lambda one: (one.partition, one.offset))
