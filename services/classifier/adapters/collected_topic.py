"""Past documents, read from their topic from its beginning to its present end: nothing is committed, no group is joined.

The topic keeps 30 days (decision 0061); what is older comes back by a replay of the fetcher.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import aiokafka
from aiokafka import partitioner
from aiokafka.errors import KafkaError

from schemas.invoice_collected.v1 import InvoiceCollected
from schemas.registry import topic, topic_for, types_on
from services.kernel.envelope import Event, Record, deliver
from services.kernel.errors import Unavailable

COLLECTED = topic_for("fetcher", InvoiceCollected)
BATCH, WAIT_MS = 1_000, 1_000
CLIENT: Any = aiokafka.AIOKafkaConsumer  # its answers carry no types
MURMUR2: Any = vars(partitioner)["murmur2"]


def read_collected(kafka: str, company_id: str | None, invoice_id: str | None = None) -> Sequence[InvoiceCollected]:
    """The documents of one company, or of all; only the last revision of each. Raises Unavailable."""
    key = company_id.encode() if company_id else None
    latest = dict[tuple[str, str], InvoiceCollected]()

    def take(record: Record) -> None:
        if key in (None, record.key) and (invoice_id is None or _subject(record).endswith(f"/{invoice_id}".encode())):
            event = deliver(record, types_on([COLLECTED])).event
            if isinstance(event, Event) and isinstance(event.data, InvoiceCollected):
                latest[event.data.company_id, event.data.invoice_id] = event.data

    try:
        asyncio.run(_read(kafka, _partitions(key), take))
    except KafkaError as trouble:
        raise Unavailable("Kafka", trouble) from trouble
    return list(latest.values())


def _partitions(key: bytes | None) -> Sequence[int]:
    """The partition of a key, as Java's producer and ours choose it; all of them for none."""
    count = topic(COLLECTED).partitions
    return range(count) if key is None else [(MURMUR2(key) & 0x7FFFFFFF) % count]


async def _read(kafka: str, partitions: Sequence[int], take: Callable[[Record], None]) -> None:
    consumer = CLIENT(bootstrap_servers=kafka, enable_auto_commit=False, auto_offset_reset="earliest")
    await consumer.start()
    try:
        places = [aiokafka.TopicPartition(COLLECTED, partition) for partition in partitions]
        consumer.assign(places)
        ends: dict[Any, int] = await consumer.end_offsets(places)
        left: set[Any] = {place for place in places if ends[place]}
        for place in places:
            await consumer.seek_to_beginning(place)
        while left := {place for place in left if await consumer.position(place) < ends[place]}:
            batches: dict[Any, list[Any]] = await consumer.getmany(*left, timeout_ms=WAIT_MS, max_records=BATCH)
            for messages in batches.values():
                for message in messages:
                    take(_record(message))
    finally:
        await consumer.stop()


def _record(message: Any) -> Record:
    return Record(message.topic, message.partition, message.offset, message.timestamp, message.key, message.value, tuple(message.headers))


def _subject(record: Record) -> bytes:
    return next((value for name, value in record.headers if name == "ce_subject" and value), b"")
