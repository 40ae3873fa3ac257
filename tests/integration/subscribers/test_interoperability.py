"""Each topic written by one client library and read by the others: bytes, headers, partitions, zstd, and checksums that are checked."""

from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from aiokafka.errors import CorruptRecordException
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from kafka.errors import CorruptRecordError
from kafka.record.memory_records import MemoryRecords

from deploy.local.folders import temporary_data_folder
from deploy.local.kafka import Kafka
from deploy.ops import topics as made
from schemas.contract import EventData
from schemas.registry import FOLDER, Topic, event_class, topics
from services.kernel import kafka as kernel
from services.kernel.envelope import Event, Outgoing, Record, encode, event_id, parked
from services.kernel.errors import Unreadable
from tests.support.drivers import READERS, WRITERS
from tests.support.followers import PROGRAMS, environment_of, following, start_of
from tests.support.reading import wait_until

ZSTD = 4
TIME = "2026-03-02T08:00:00.000000Z"
LARGE = 3_000_000
NAMES = [one.name for one in topics()]
VECTORS = {
    "21": 12,  # -973932308 & 0x7fffffff = 1173551340 = 24 * 48897972 + 12
    "foobar": 6,  # -790332482: 1357151166 = 24 * 56547965 + 6
    "a-little-bit-long-string": 8,  # -985981536: 1161502112 = 24 * 48395921 + 8
    "a-little-bit-longer-string": 11,  # -1486304829: 661178819 = 24 * 27549117 + 11
    "lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": 5,  # -58897971: 2088585677 = 24 * 87024403 + 5
    "abc": 3,  # 479470107 = 24 * 19977921 + 3
}
"""Keys and their murmur2 in the tests of Apache Kafka's own client (UtilsTest), and the partition of 24 that follows, by hand."""


class Ground:
    """A broker of our own, since its files are looked into and spoilt."""

    def __init__(self, kafka: Kafka, data: Path) -> None:
        """It runs."""
        self.bootstrap, self._logs = kafka.bootstrap, data / "kafka" / "node1" / "data"

    def new_topic(self, name: str, partitions: int) -> str:
        """One more topic."""
        admin = AdminClient({"bootstrap.servers": self.bootstrap})
        admin.create_topics([NewTopic(name, partitions, 1)])[name].result(30)
        return name

    def segments(self, topic: str) -> list[Path]:
        """The files that hold its records."""
        return [file for file in self._logs.glob(f"{topic}-*/*.log") if file.stat().st_size]


def batches(file: Path) -> Iterator[Any]:
    """The batches of a broker's file, as kafka-python reads them."""
    records: Any = MemoryRecords(file.read_bytes())
    while (batch := records.next_batch()) is not None:
        yield batch


@pytest.fixture(scope="module")
def ground() -> Generator[Ground]:
    """With the topics of topics.yaml, into each of which each library wrote the same records."""
    with temporary_data_folder("achats-tests-") as data, Kafka(data) as kafka:
        made.apply(kafka.bootstrap, replication=1)
        for write in WRITERS.values():
            write(kafka.bootstrap, [message for one in topics() for message in messages(one)])
        yield Ground(kafka, data)


def messages(topic: Topic) -> list[Outgoing]:
    """What the topic may carry: every example of its events; where refused records go, what no event looks like."""
    folders = [folder for said in topic.says.values() for folder in said]
    events = [_event(file, topic.name) for folder in folders if folder != "record_parked" for file in _examples(folder)]
    return events or refused(topic.name)


def refused(topic: str) -> list[Outgoing]:
    """Bytes that are no text, a large value, none, an empty one, an empty header and two of one name."""
    headers = (("ce_id", b"\xff\x00"), ("twice", b"1"), ("twice", b"2"), ("empty", b""), ("é", "é".encode()))
    values = (bytes(range(256)), b"x" * LARGE, b"", None)
    records = [Record("somewhere", 0, n, 0, b"\x00key\xff%d" % n, value, headers) for n, value in enumerate(values)]
    return [parked(record, Unreadable("no JSON"), "ledger", topic, TIME) for record in records]


def _examples(folder: str) -> list[Path]:
    return sorted((FOLDER / folder / "examples" / "v1").glob("*.json"))


def _event(file: Path, topic: str) -> Outgoing:
    kind = cast("type[EventData]", event_class(file.parents[2].name))
    data = kind.model_validate_json(file.read_bytes())
    return encode(Event(event_id("/achats/test", kind.ce_type, data.subject, file.stem), "/achats/test", TIME, data), topic)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("reader", READERS)
def test_each_topic_is_read_by_each_library_as_all_wrote_it(reader: str, name: str, ground: Ground):
    """Every record once from each writer: key, value and headers byte for byte."""
    expected = [(one.key, one.value, one.headers) for topic in topics() if topic.name == name for one in messages(topic)]
    found = [(one.key, one.value, one.headers) for one in READERS[reader](ground.bootstrap, name)]
    assert sorted(expected * len(WRITERS), key=repr) == sorted(found, key=repr)


@pytest.mark.parametrize("name", NAMES)
def test_a_key_has_one_partition_whoever_writes(name: str, ground: Ground):
    """Each key of the topic, written by three libraries, is in one partition."""
    places: dict[bytes | None, set[int]] = {}
    for one in READERS["kafka-python"](ground.bootstrap, name):
        places.setdefault(one.key, set()).add(one.partition)
    assert {1} == {len(partitions) for partitions in places.values()}


@pytest.mark.parametrize("writer", WRITERS)
def test_the_partition_is_that_of_apache_s_own_client(writer: str, ground: Ground):
    """murmur2, by the vectors of Apache Kafka's tests, on 24 partitions."""
    topic = ground.new_topic(f"vectors.{writer}", 24)
    WRITERS[writer](ground.bootstrap, [Outgoing(topic, key.encode(), b"{}", ()) for key in VECTORS])
    assert VECTORS == {(one.key or b"").decode(): one.partition for one in READERS["confluent-kafka"](ground.bootstrap, topic)}


@pytest.mark.parametrize("writer", WRITERS)
def test_what_is_stored_is_zstd_with_a_right_checksum(writer: str, ground: Ground):
    """In the broker's own files."""
    topic = ground.new_topic(f"stored.{writer}", 3)
    WRITERS[writer](ground.bootstrap, [Outgoing(topic, b"key %d" % n, b'{"words": "again and again"}' * 50, ()) for n in range(20)])
    stored = [batch for file in ground.segments(topic) for batch in batches(file)]
    assert {(ZSTD, True)} == {(batch.compression_type, batch.validate_crc()) for batch in stored}
    assert 20 == sum(batch.records_count for batch in stored)


def test_a_header_without_value_is_read_by_all_and_written_by_two(ground: Ground):
    """Kafka has such headers; kafka-python reads them and refuses to send them, so it cannot give back every refused record."""
    topic = ground.new_topic("bare", 1)
    bare = [Outgoing(topic, b"key", b"value", (("none", None),))]
    with pytest.raises(TypeError, match="headers"):
        WRITERS["kafka-python"](ground.bootstrap, bare)
    for writer in ("confluent-kafka", "aiokafka"):
        WRITERS[writer](ground.bootstrap, bare)
    for read in READERS.values():
        assert [(("none", None),)] * 2 == [one.headers for one in read(ground.bootstrap, topic)]


@pytest.mark.parametrize("program", PROGRAMS)
def test_a_subscriber_s_program_takes_each_event_once_whoever_wrote_it(program: str, ground: Ground, tmp_path: Path):
    """Three libraries wrote the same events; on a laptop's broker nobody logs in. The typical company is version 4, the largest 981."""
    invoices = ("inv-34f446d39ea53a5615d53962", "inv-97e652a96ae75eede9bbf18f")
    expected = {
        "achats.booked.v1 atelier-lumiere": ["invoice", "invoice"],
        "achats.companies.v1 atelier-lumiere": ["premium"],
        **{f"achats.invoices.v1 atelier-lumiere/{one}": ["to_process"] for one in invoices},
        "achats.notified.v1 atelier-lumiere": ["integration_active", "integration_active"],
    }
    run = (start_of(PROGRAMS[program], tmp_path), environment_of(ground.bootstrap, None, f"analytics.{program}"), tmp_path)
    with following(*run) as follower:
        wait_until(lambda: follower.told("atelier-lumiere") == expected or follower.process.poll() is not None)
        assert expected == follower.told("atelier-lumiere"), follower.errors


@pytest.mark.parametrize(
    ("reader", "refusal"),
    [("confluent-kafka", KafkaException), ("kafka-python", CorruptRecordError), ("aiokafka", CorruptRecordException)],
)
def test_a_spoilt_record_is_refused_by_each_library(reader: str, refusal: type[Exception], ground: Ground):
    """One bit is turned over in the broker's file, which the broker serves unseen: the reader's checksum finds it."""
    topic = ground.new_topic(f"spoilt.{reader}", 1)
    WRITERS["kafka-python"](ground.bootstrap, [Outgoing(topic, b"key", b"value", ())])
    (file,) = ground.segments(topic)
    with file.open("r+b") as spoilt:
        spoilt.seek(-3, 2)
        (last,) = spoilt.read(1)
        spoilt.seek(-3, 2)
        spoilt.write(bytes([last ^ 1]))
    with pytest.raises(refusal):
        READERS[reader](ground.bootstrap, topic)


def test_without_its_settings_the_kernel_s_client_would_place_and_trust_otherwise(ground: Ground, monkeypatch: pytest.MonkeyPatch):
    """What librdkafka does by default: another hash, and no look at the checksum. So the two tests above see a setting that is lost."""
    monkeypatch.setitem(kernel.PRODUCER, "partitioner", "consistent_random")
    topic = ground.new_topic("elsewhere", 24)
    WRITERS["confluent-kafka"](ground.bootstrap, [Outgoing(topic, key.encode(), b"{}", ()) for key in VECTORS])
    assert VECTORS != {(one.key or b"").decode(): one.partition for one in READERS["confluent-kafka"](ground.bootstrap, topic)}
    monkeypatch.setitem(kernel.CONSUMER, "check.crcs", False)
    (spoilt,) = READERS["confluent-kafka"](ground.bootstrap, "spoilt.confluent-kafka")
    assert b"value" != spoilt.value
