"""The parked topics as an operator reads them: what was refused, why, how often, and what a person did about it."""

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from kafka import KafkaConsumer
from kafka.errors import KafkaError
from kafka.structs import TopicPartition

from schemas.parked_resolved.v1 import ParkedResolved
from schemas.record_parked.v1 import RecordParked
from schemas.registry import OPERATORS, parked_topic, retry_topic, topic, topic_for
from services.kernel.envelope import Place, Record, company_of, deliver, run_of

AUDIT = topic_for(OPERATORS, ParkedResolved)
CLIENT: Any = KafkaConsumer  # its stubs are older than it is
ANSWER_MS = 10_000
SKEW = timedelta(days=1)  # two machines' clocks never differ by more

type Attempt = tuple[str, Place, int]  # service, where the record first came on, how often it was parked


class NoBroker(Exception):
    """No broker answers."""

    next_action = "Start it, or correct ACHATS_KAFKA."


class NotKept(Exception):
    """The parked topic has no record there."""

    next_action = "Take the record's two numbers from `achats parked list`."


@dataclass(frozen=True, slots=True)
class Kept:
    """A parked record as it stands on its service's parked topic, why it was refused each time, and what a person did about the last."""

    service: str
    record: Record
    said: tuple[RecordParked, ...]
    resolved: ParkedResolved | None

    @property
    def why(self) -> RecordParked:
        """The latest refusal."""
        return self.said[-1]

    @property
    def came(self) -> Place:
        """Topic, partition and offset where the record first came on."""
        return self.said[0].topic, self.said[0].partition, self.said[0].offset

    @property
    def attempt(self) -> Attempt:
        """What names this refusal in all copies of the record."""
        return self.service, self.came, len(self.said)

    @property
    def company(self) -> str | None:
        """Whose record it is, if it can be told."""
        return company_of(self.record)

    @property
    def run(self) -> str | None:
        """The import run it belongs to."""
        run = run_of(self.record)
        return run.run_id if run else None


def kept(bootstrap: str, service: str, count: int | None) -> list[Kept]:
    """The newest `count` records a service refused (None = all), oldest first, each with its latest refusal only. Raises NoBroker."""
    with consumer(bootstrap) as reader:
        places = _places(parked_topic(service))
        begins: Mapping[Any, int] = reader.beginning_offsets(places)
        ends: Mapping[Any, int] = reader.end_offsets(places)
        starts = {place: begins[place] if count is None else max(begins[place], ends[place] - count) for place in places}
        latest = dict[Place, Kept]()
        for found in sorted((_kept(service, message) for message in _read(reader, starts)), key=_age):
            latest[found.came] = found
        return _with_deeds(reader, sorted(latest.values(), key=lambda one: one.why.parked_at))[-(count or len(latest)) :]


def one(bootstrap: str, service: str, partition: int, offset: int) -> Kept:
    """The record at that place of a service's parked topic. Raises NotKept, NoBroker."""
    name = parked_topic(service)
    if partition not in range(topic(name).partitions):
        raise NotKept(f"{name} has no partition {partition}.")
    with consumer(bootstrap) as reader:
        begin, end = in_log(reader, name, partition)
        if offset not in range(begin, end):
            raise NotKept(f"{name}/{partition} holds the offsets from {begin} up to, not including, {end}; not {offset}.")
        message = next(_read(reader, {TopicPartition(name, partition): offset}))
        return _with_deeds(reader, [_kept(service, message)])[0]


def in_log(reader: Any, name: str, partition: int) -> tuple[int, int]:
    """The first offset in the log of a partition, and the one behind the last."""
    place = TopicPartition(name, partition)
    return reader.beginning_offsets([place])[place], reader.end_offsets([place])[place]


@contextmanager
def consumer(bootstrap: str) -> Generator[Any]:
    """A consumer outside any group. Raises NoBroker."""
    try:
        own = {"enable_auto_commit": False, "group_id": None, "bootstrap_timeout_ms": ANSWER_MS}
        with closing(CLIENT(bootstrap_servers=bootstrap.split(","), **own)) as reader:
            yield reader
    except KafkaError as trouble:
        raise NoBroker(f"{bootstrap}: {trouble}.") from trouble


def _places(name: str) -> list[TopicPartition]:
    return [TopicPartition(name, partition) for partition in range(topic(name).partitions)]


def _read(reader: Any, starts: Mapping[Any, int]) -> Iterator[Any]:
    """The messages from these offsets to the present ends of the logs."""
    reader.assign(list(starts))
    ends: Mapping[Any, int] = reader.end_offsets(list(starts))
    for place, offset in starts.items():
        reader.seek(place, offset)
    while any(reader.position(place) < ends[place] for place in starts):
        for messages in reader.poll(timeout_ms=500).values():
            yield from messages


def _kept(service: str, message: Any) -> Kept:
    """Where no header says why, whoever wrote the record there was no service of ours: it came from nowhere else."""
    headers = tuple((str(name), value) for name, value in message.headers)
    record = Record(message.topic, message.partition, message.offset, message.timestamp, message.key, message.value, headers)
    said = RecordParked.said_of(headers, retry_topic(service))
    return Kept(service, record, said or (_unsaid(service, record),), None)


def _unsaid(service: str, record: Record) -> RecordParked:
    at = datetime.fromtimestamp(max(record.timestamp_ms, 0) / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return RecordParked(
        service=service,
        reason="unsaid",
        detail="No service said why this record stands here.",
        topic=record.topic,
        partition=record.partition,
        offset=record.offset,
        timestamp_ms=record.timestamp_ms,
        parked_at=at,
    )


def _age(one: Kept) -> tuple[int, str]:
    return len(one.said), one.why.parked_at


def _with_deeds(reader: Any, found: Sequence[Kept]) -> list[Kept]:
    """The same with what people did about them, from the audit topic."""
    deeds = _deeds(reader, min(one.why.parked_at for one in found)) if found else dict[Attempt, ParkedResolved]()
    return [Kept(one.service, one.record, one.said, deeds.get(one.attempt)) for one in found]


def _deeds(reader: Any, since: str) -> Mapping[Attempt, ParkedResolved]:
    """What was last done about each refusal, of all that was done from then on."""
    at = round((datetime.fromisoformat(since) - SKEW).timestamp() * 1000)
    found = reader.offsets_for_times(dict.fromkeys(_places(AUDIT), max(at, 0)))
    starts = {place: start.offset for place, start in found.items() if start is not None}
    said = sorted(filter(None, map(_deed, _read(reader, starts))), key=lambda deed: deed.resolved_at)
    return {(deed.service, (deed.topic, deed.partition, deed.offset), deed.attempt): deed for deed in said}


def _deed(message: Any) -> ParkedResolved | None:
    """What the audit topic says there about a parked record; None where it says anything else."""
    record = Record(message.topic, message.partition, message.offset, message.timestamp, message.key, message.value, tuple(message.headers))
    event = deliver(record, {ParkedResolved.ce_type: ParkedResolved}).event
    return event.data if event is not None and isinstance(event.data, ParkedResolved) else None
