"""A Kafka of this folder's own, which tests may kill, the real topics on it, and the worker as a process."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, KafkaException, Message, TopicPartition
from confluent_kafka.admin import (
    AdminClient,
    AlterConfigOpType,  # pyright: ignore[reportPrivateImportUsage]
    ConfigEntry,  # pyright: ignore[reportPrivateImportUsage]
    ConfigResource,  # pyright: ignore[reportPrivateImportUsage]
    ResourceType,  # pyright: ignore[reportPrivateImportUsage]
)
from confluent_kafka.cimpl import NewTopic
from kafka.admin import (
    KafkaAdminClient,
    MemberToRemove,  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
)

from deploy.local.kafka import Kafka
from deploy.local.processes import free_port
from schemas.contract import EventData
from schemas.registry import topic
from services.kernel.envelope import Event, Outgoing, Record, RunPosition, encode
from services.kernel.kafka import KafkaSender
from tests.support.kernel import headers

ROOT = Path(__file__).parents[3]
COLLECTED, CLASSIFIED, PARKED = "achats.collected.v1", "achats.classified.v1", "achats.parked.classifier.v1"
GROUP = "achats-classifier"
AS_SHIPPED = ("-c", "from services.classifier.main import main; main()")
PATIENCE_SECONDS = 90.0
QUIET: dict[str, str | int] = {"log_level": 0}  # these tests kill the broker on purpose
REFUSING = {"max.message.bytes": "1"}


def wait_until(what: str, true: Callable[[], bool], patience: float = PATIENCE_SECONDS) -> None:
    """Wait until it is true; AssertionError naming `what` when it does not become so."""
    limit = time.monotonic() + patience
    while not true():
        assert time.monotonic() < limit, f"not within {patience} s: {what}"
        time.sleep(0.1)


@dataclass(slots=True)
class Known:
    """What was read of a topic so far."""

    next: dict[int, int] = field(default_factory=dict[int, int])
    _by_key: defaultdict[bytes, list[Record]] = field(default_factory=lambda: defaultdict(list))

    def of(self, company: str) -> list[Record]:
        """The records of one company, in order: they are in one partition."""
        return self._by_key[company.encode()]

    def behind(self, ends: Mapping[int, tuple[int, int]]) -> bool:
        """Whether something before these ends was not read."""
        return any(self.next.get(part, low) < high for part, (low, high) in ends.items())

    def add(self, records: Iterable[Record]) -> None:
        """These come next."""
        for record in records:
            self.next[record.partition] = record.offset + 1
            self._by_key[record.key or b""].append(record)


class Bench:
    """The broker and what tests do to it. Each test uses companies of its own, so what stands on the topics does not matter."""

    def __init__(self, kafka: Kafka, database_url: str, logs: Path) -> None:
        self.kafka, self.database_url, self.logs = kafka, database_url, logs
        self.sender = KafkaSender(kafka.bootstrap, "test")
        self._started = 0
        self._known: dict[str, Known] = {}

    @property
    def admin(self) -> Any:
        """A new administrator; keep it until its futures are done. Its futures carry no types."""
        return AdminClient({"bootstrap.servers": self.kafka.bootstrap, **QUIET})

    def make_topics(self, *names: str) -> None:
        """Topics as the registry describes them."""
        wanted = [topic(name) for name in names]
        admin = self.admin
        made = admin.create_topics([NewTopic(one.name, one.partitions, 1, config=one.configuration) for one in wanted])
        for future in made.values():
            future.result(30)

    def remove_topic(self, name: str) -> None:
        """Take a topic away: what is sent to it is refused until it is made again."""
        admin = self.admin
        admin.delete_topics([name])[name].result(30)
        wait_until(f"{name} is gone", lambda: name not in self.admin.list_topics(timeout=10).topics)
        self._known.pop(name, None)

    def freeze(self) -> None:
        """SIGSTOP the broker: it keeps its connections and answers nothing, until it is killed or goes on."""
        broker = self.kafka._brokers[0]._process  # pyright: ignore[reportPrivateUsage]
        assert broker.pid
        os.kill(broker.pid, signal.SIGSTOP)

    def refuse(self, topic_name: str) -> None:
        """From now on the broker refuses what is sent to the topic, and says that trying again cannot help: no message is small enough."""
        self._limit(topic_name, REFUSING["max.message.bytes"])

    def accept(self, topic_name: str) -> None:
        """It takes messages again."""
        self._limit(topic_name, "1048576")

    def _limit(self, topic_name: str, bytes_each: str) -> None:
        entry = ConfigEntry("max.message.bytes", bytes_each, incremental_operation=AlterConfigOpType.SET)
        place = ConfigResource(ResourceType.TOPIC, topic_name, incremental_configs=[entry])
        admin = self.admin
        admin.incremental_alter_configs([place])[place].result(30)

    def publish(self, *records: Outgoing) -> None:
        """Send records and know that they are in."""
        assert len(records) == self.sender.send(records)

    def read(self, topic_name: str, company: str, seen: int = 0) -> list[Record]:
        """Everything that stands on the topic for one company, in order; waits until there are `seen` records of it.

        What was read before is not fetched again.
        """
        consumer = Consumer({"bootstrap.servers": self.kafka.bootstrap, "group.id": "reader", "enable.auto.commit": False, **QUIET})
        known = self._known.setdefault(topic_name, Known())
        ends = _ends(consumer, [TopicPartition(topic_name, part) for part in range(topic(topic_name).partitions)])
        consumer.assign([TopicPartition(topic_name, part, known.next.get(part, low)) for part, (low, _) in ends.items()])
        limit = time.monotonic() + PATIENCE_SECONDS
        while known.behind(ends) or len(known.of(company)) < seen:
            assert time.monotonic() < limit, f"{len(known.of(company))} of {seen} records for {company} on {topic_name}"
            known.add(map(as_record, consumer.consume(1000, 0.2)))
        consumer.close()
        return list(known.of(company))

    def committed(self) -> dict[int, int]:
        """The group's committed offsets by partition."""
        places = ConsumerGroupTopicPartitions(GROUP, [TopicPartition(COLLECTED, part) for part in range(24)])
        admin = self.admin
        answer = admin.list_consumer_group_offsets([places])[GROUP].result(30)
        return {place.partition: place.offset for place in answer.topic_partitions or () if place.offset >= 0}

    def members(self) -> int:
        """How many members the group has now."""
        return len(self._members())

    def _members(self) -> list[Any]:
        admin = self.admin
        return admin.describe_consumer_groups([GROUP])[GROUP].result(30).members

    def count_out(self) -> None:
        """The broker forgets every member now, as it would once the session of a dead one is over. Nobody living may be in the group."""
        remover: Any = KafkaAdminClient(bootstrap_servers=self.kafka.bootstrap)  # confluent-kafka has no such call
        with closing(remover):
            remover.remove_group_members(GROUP, [MemberToRemove(member_id=one.member_id) for one in self._members()])
        wait_until("the group is empty", lambda: not self.members())

    def skip(self, partition: int, offset: int) -> None:
        """What an operator does to a record that stops the service: move the empty group past it."""
        admin = self.admin
        place = ConsumerGroupTopicPartitions(GROUP, [TopicPartition(COLLECTED, partition, offset + 1)])
        admin.alter_consumer_group_offsets([place])[GROUP].result(30)

    def passed_unanswered(self, company: str) -> list[str]:
        """The ids of the company's events which the group has passed though nobody answered them: lost, if the worker died now.

        The offsets are asked first: what they have passed must be answered by then.
        """
        committed = self.committed()
        answered = {header(record, "ce_causationid") for record in self.read(CLASSIFIED, company)}
        passed = [record for record in self.read(COLLECTED, company) if record.offset < committed.get(record.partition, 0)]
        return [header(record, "ce_id") for record in passed if header(record, "ce_id") not in answered]

    def worker(self, *program: str, kafka: str | None = None) -> "WorkerProcess":
        """A new classifier process, not started: the shipped program, or another as arguments of Python; our broker, or another address."""
        self._started += 1
        bootstrap, log = kafka or self.kafka.bootstrap, self.logs / f"worker-{self._started}.log"
        return WorkerProcess(bootstrap, self.database_url, log, program or AS_SHIPPED)


def _ends(consumer: Consumer, places: Sequence[TopicPartition]) -> dict[int, tuple[int, int]]:
    """Where each partition begins and ends; a broker that has just come back is asked again."""
    ends: dict[int, tuple[int, int]] = {}

    def all_known() -> bool:
        try:
            ends.update({place.partition: consumer.get_watermark_offsets(place, timeout=10) for place in places})
        except KafkaException:
            return False
        return True

    wait_until("the broker knows its partitions", all_known)
    return ends


class WorkerProcess:
    """`achats-classifier` as Kubernetes would run it."""

    def __init__(self, bootstrap: str, database_url: str, log: Path, program: Sequence[str]) -> None:
        self._bootstrap, self._database_url, self._log, self._program = bootstrap, database_url, log, program
        self._port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "WorkerProcess":
        settings = {"KAFKA": self._bootstrap, "CLASSIFIER_DATABASE_URL": self._database_url, "CLASSIFIER_HEALTH_PORT": str(self._port)}
        env = {**os.environ, **{f"ACHATS_{name}": value for name, value in settings.items()}}
        command = [sys.executable, *self._program]
        self._process = subprocess.Popen(command, cwd=ROOT, env=env, stdout=self._log.open("wb"), stderr=subprocess.STDOUT)
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)  # a frozen one hears nothing
            self.stop()

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The started process."""
        assert self._process is not None
        return self._process

    @property
    def log(self) -> str:
        """What it wrote so far."""
        return self._log.read_text(encoding="utf-8")

    def ask(self, path: str) -> str:
        """What a probe answers; nothing while nobody listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self._port}{path}", timeout=5) as answer:
                return answer.read().decode()
        except urllib.error.HTTPError as refusal:
            return refusal.read().decode()
        except OSError:
            return ""

    def wait_ready(self) -> None:
        """Wait until partitions are assigned."""
        wait_until(f"ready; its log: {self.log[-2000:]}", lambda: self.ask("/ready") == "yes\n")

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(30)

    def kill(self) -> None:
        """SIGKILL, as a crash would."""
        self.process.kill()
        self.process.wait(30)


def published(data: Sequence[EventData], run_id: str = "run-1") -> list[Outgoing]:
    """A run's events as the fetcher sends them, numbered from 1."""
    return [
        encode(
            Event(
                id=f"{one.company_id}-{run_id}-{number}",
                source="/achats/fetcher",
                time="2026-03-11T05:00:00.000000Z",
                data=one,
                run=RunPosition(run_id, number),
            ),
            COLLECTED,
        )
        for number, one in enumerate(data, start=1)
    ]


def as_record(message: Message) -> Record:
    """A consumed message as the kernel sees it, without its timestamp."""
    return Record(
        topic=message.topic() or "",
        partition=message.partition() or 0,
        offset=message.offset() or 0,
        timestamp_ms=0,
        key=message.key(),
        value=message.value(),
        headers=tuple(cast("list[tuple[str, bytes | None]]", message.headers() or [])),
    )


def header(record: Record, name: str) -> str:
    """One header as text; empty when it is missing."""
    return headers(record).get(name, b"").decode()
