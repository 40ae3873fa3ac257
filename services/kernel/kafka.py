"""Kafka by confluent-kafka, for the loops of every service."""

import logging
import time
from collections.abc import Sequence
from concurrent.futures import Future
from functools import partial
from typing import Any, cast

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, KafkaException, Message, Producer, TopicCollection, TopicPartition
from confluent_kafka.admin import AdminClient

from services.kernel.envelope import Outgoing, Record
from services.kernel.errors import BrokerSilent, KernelError, Unavailable
from services.kernel.log import log
from services.kernel.names import Log
from services.kernel.ports import Positions

ACKNOWLEDGE_SECONDS, SIGN_OF_LIFE_SECONDS, SESSION_MS, MESSAGE_MAX_BYTES = 10.0, 5.0, 6_000, 8_388_608
PASSING_ERRORS = {KafkaError._ALL_BROKERS_DOWN, KafkaError._TRANSPORT, KafkaError._TIMED_OUT, KafkaError._MAX_POLL_EXCEEDED}  # pyright: ignore[reportPrivateUsage]

CONSUMER: dict[str, str | int | bool] = {
    "enable.auto.commit": False,
    "reconnect.backoff.ms": 1_000,  # each attempt that fails is a line in the log
    "isolation.level": "read_committed",
    "check.crcs": True,
    "fetch.queue.backoff.ms": 10,
    "session.timeout.ms": SESSION_MS,
    "heartbeat.interval.ms": SESSION_MS // 3,
    "partition.assignment.strategy": "cooperative-sticky",
    "fetch.message.max.bytes": MESSAGE_MAX_BYTES,
}
PRODUCER: dict[str, str | int | bool] = {
    "enable.idempotence": True,
    "log_level": 2,  # nobody polls an idle producer, so its lines would pile up; what is not delivered is logged here
    "acks": "all",
    "partitioner": "murmur2_random",
    "compression.type": "zstd",
    "linger.ms": 5,
    "message.timeout.ms": 0,
    "message.max.bytes": MESSAGE_MAX_BYTES,
}


class LogLost(KernelError):
    """The broker no longer has the records this consumer must read next: its position is outside the log."""


class KafkaSource:
    """A member of a consumer group. With `positions` it starts where its own book says; without, where the group last committed."""

    def __init__(self, bootstrap: str, group: str, topics: Sequence[str], positions: Positions | None = None) -> None:
        self._bootstrap, self._positions, self._ids = bootstrap, positions, dict[str, str]()
        self._topic, self._ask_at, self._due = topics[0], 0.0, dict[tuple[str, int], int]()
        own = {"bootstrap.servers": bootstrap, "group.id": group, "auto.offset.reset": "error" if positions else "earliest"}
        self._consumer = Consumer({**CONSUMER, **own}, logger=logging.getLogger("librdkafka"))
        self._consumer.subscribe(list(topics), on_assign=self._assigned, on_revoke=self._released, on_lost=self._released)

    def poll(self, limit: int, wait_seconds: float) -> Sequence[Record]:
        messages = self._consumer.consume(limit, wait_seconds)
        if not messages and time.monotonic() >= self._ask_at:
            self._ask_for_a_sign_of_life()
        return [_record(message) for message in messages if _good(message)]

    def commit(self, records: Sequence[Record]) -> None:
        """Commit the group's offsets behind these records. A refusal (the group divides itself anew) is logged and made up for later."""
        self._due |= {(record.topic, record.partition): record.offset + 1 for record in records}
        self._commit_what_is_due()

    def close(self) -> None:
        self._consumer.close()

    def _commit_what_is_due(self) -> None:
        """A partition that stays with us amid a rebalance brings no record again: what was refused is due until it is given up."""
        offsets = [TopicPartition(topic, partition, offset) for (topic, partition), offset in self._due.items()]
        try:
            if offsets:
                self._consumer.commit(offsets=offsets, asynchronous=False)
            self._due.clear()
        except KafkaException as refused:
            log.warning(Log.COMMIT_FAILED, error=str(refused))

    def _ask_for_a_sign_of_life(self) -> None:
        """An empty topic and a broker that is gone look the same: ask every few seconds, and at every poll while no answer comes."""
        try:
            self._consumer.list_topics(self._topic, SIGN_OF_LIFE_SECONDS)
        except KafkaException as trouble:
            raise BrokerSilent(str(trouble)) from trouble
        self._ask_at = time.monotonic() + SIGN_OF_LIFE_SECONDS
        self._commit_what_is_due()

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        log.info(Log.ASSIGNED, partitions=[f"{p.topic}/{p.partition}" for p in partitions])
        if self._positions is not None:
            for place in partitions:
                start = self._positions.take(place.topic, self._topic_id(place.topic), place.partition)
                place.offset = OFFSET_BEGINNING if start is None else start
        consumer.incremental_assign(partitions)

    def _released(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        log.info(Log.REVOKED, partitions=[f"{p.topic}/{p.partition}" for p in partitions])
        if self._positions is not None:
            for place in partitions:
                self._positions.release(place.topic, place.partition)
        for place in partitions:
            self._due.pop((place.topic, place.partition), None)
        consumer.incremental_unassign(partitions)

    def _topic_id(self, topic: str) -> str:
        if topic not in self._ids:
            admin = AdminClient({"bootstrap.servers": self._bootstrap})
            described = cast("Future[Any]", admin.describe_topics(TopicCollection([topic]))[topic])
            try:
                self._ids[topic] = str(described.result(timeout=30).topic_id)
            except (KafkaException, TimeoutError) as trouble:
                raise Unavailable("Kafka", trouble) from trouble
        return self._ids[topic]


class KafkaSender:
    """An idempotent producer that counts a message as sent only when every in-sync replica has it."""

    def __init__(self, bootstrap: str, client_id: str, acknowledge_seconds: float = ACKNOWLEDGE_SECONDS) -> None:
        """Connects at the first message; waits that long for acknowledgements."""
        self._settings = {**PRODUCER, "bootstrap.servers": bootstrap, "client.id": client_id}
        self._acknowledge_seconds = acknowledge_seconds
        self._producer: Producer | None = None

    def send(self, messages: Sequence[Outgoing]) -> int:
        """Send in order; how many leading messages were acknowledged. A producer that failed is replaced. Raises Unavailable: none was."""
        producer = self._producer = self._producer or Producer(self._settings)
        acknowledged = [False] * len(messages)
        for place, message in enumerate(messages):
            told = partial(_note, acknowledged, place)
            producer.produce(message.topic, message.value, message.key, headers=list(message.headers), on_delivery=told)
        producer.flush(self._acknowledge_seconds)
        if all(acknowledged):
            return len(messages)
        producer.purge()
        producer.flush(1.0)
        self._producer = None
        if not acknowledged[0]:
            raise Unavailable("Kafka acknowledges nothing")
        return acknowledged.index(False)


def _note(acknowledged: list[bool], place: int, error: KafkaError | None, _message: Message) -> None:
    acknowledged[place] = error is None
    if error is not None:
        log.warning(Log.SEND_FAILED, error=str(error))


def _good(message: Message) -> bool:
    error = message.error()
    if error is None:
        return True
    if error.code() in PASSING_ERRORS:
        log.warning(Log.RETRYING, loop="consume", trouble=str(error))
        return False
    if error.code() == KafkaError._AUTO_OFFSET_RESET:  # pyright: ignore[reportPrivateUsage]
        raise LogLost(f"{message.topic()}/{message.partition()}", str(error))
    raise KafkaException(error)


def _record(message: Message) -> Record:
    topic, partition, offset = message.topic() or "", message.partition() or 0, message.offset() or 0
    headers = tuple((name, _bytes(value)) for name, value in message.headers() or ())
    return Record(topic, partition, offset, message.timestamp()[1], _bytes(message.key()), _bytes(message.value()), headers)


def _bytes(value: str | bytes | None) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
