"""The world outside the processes, in memory: Kafka, a schema per service, Amazon, a mailbox; and what the world does to itself."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Any, cast

from schemas.collection_finished.v1 import CollectionFinished
from schemas.invoice_collected.v1 import InvoiceCollected
from schemas.registry import topic_for, topics, topics_read_by, types_on
from services.fetcher.domain.company import CompanyFile
from services.kernel.envelope import Outgoing, Place, Record
from services.kernel.errors import Unavailable
from services.notifier.domain.outcome import Outcome, Verdict
from tests.simulation.engine import EPOCH, SESSION_SECONDS, Ear, Engine
from tests.simulation.faults import Kind, Schedule
from tests.simulation.memory.amazon import AmazonWorld
from tests.simulation.memory.broker import MemoryBroker, MemorySender, MemorySource
from tests.simulation.memory.fetcher import FetcherStore
from tests.simulation.memory.ledger_schema import MemoryLedger
from tests.simulation.memory.notifier import MemoryPost
from tests.simulation.memory.store import MemoryStore
from tests.simulation.watched import CAN_FAIL, Trick, Watched

PARTITIONS = 3
LOOK_SECONDS = 0.05  # between two looks at a row that another transaction holds
SPOILED = b"{"  # before a value, which begins with the same: it is no JSON any more
FOREVER = datetime.max.replace(tzinfo=UTC)
SERVICES = ("fetcher", "classifier", "ledger", "notifier")
LIVE = tuple(topic.name for topic in topics() if not topic.name.startswith(("achats.parked.", "achats.retry.")))
READ = sorted({topic for service in SERVICES for topic in topics_read_by(service)})
COLLECTED = topic_for("fetcher", InvoiceCollected)


class World:
    """One world for one seed."""

    def __init__(self, schedule: Schedule, companies: Sequence[CompanyFile], amazon: AmazonWorld) -> None:
        deeds = {Kind.GARBAGE: self._write_garbage, Kind.REDELIVERY: self._write_again, Kind.REWIND: self._rewind}
        self.engine = Engine(schedule, deeds)
        self.broker = MemoryBroker(PARTITIONS, self.engine.news)
        self.book = MemoryLedger(self.engine, self._wait_for_a_row)
        self.fetched = FetcherStore(self._wait_for_a_row, before=self._before_statement)
        plain = {service: MemoryStore(self._wait_for_a_row) for service in ("classifier", "notifier")}
        self.stores: dict[str, MemoryStore] = {**plain, "fetcher": self.fetched, "ledger": self.book}
        for service, store in self.stores.items():
            store.news = partial(self.engine.news, service)
        self.companies, self.amazon, self.connections = companies, amazon, list[str]()
        self.documents = dict[str, bytes]()
        self.decided = set[str]()  # the PDFs whose holds a person has lifted
        self.post = MemoryPost()
        self.strange = set[Place]()  # records that no service of ours wrote
        self.corrupted = set[Place]()  # records of ours that arrived changed
        self._sources = dict[str, list[MemorySource]]()

    # -- what a process is built of

    def watched(self, name: str, part: object, tricks: Mapping[str, Mapping[Kind, Trick]] | None = None, fallible: bool = True) -> Any:
        """The part with a point before and behind each call."""
        return Watched(self.engine, name, part, tricks or {}, fallible)

    def sender(self, name: str) -> Any:
        """A producer that can fail in every way a real one does."""
        return self.watched(f"{name} sender", self.broker.sender(name), {"send": self.sending(name)})

    def sending(self, name: str) -> dict[Kind, Trick]:
        """What can befall its sends."""
        tricks: dict[Kind, Trick] = {Kind.TAIL_FIRST: send_the_tail_first, Kind.ACKNOWLEDGEMENT_LOST: self._lose_acknowledgements}
        return tricks | {Kind.CORRUPT: self._corrupt} if name == "fetcher" else tricks

    def source(self, process: str, group: str, topics: tuple[str, ...], positions: Any = None) -> Any:
        """A consumer. With nothing to read it waits; its process can be found by name when it vanishes."""
        source = self.broker.source(group, topics, positions)
        self._sources.setdefault(process, []).append(source)
        watched = self.watched(f"{group} source", source, {"commit": {Kind.COMMIT_LOST: lose_commit}}, fallible=False)
        return PatientSource(self.engine.ear(group, *topics), watched)

    def letters(self) -> Any:
        """The way to a person: refused for now, or delivered without an answer."""
        tricks: dict[Kind, Trick] = {Kind.NO_ANSWER: answer_with(Verdict.DEFERRED), Kind.ANSWER_LOST: answer_with(Verdict.UNCLEAR)}
        return self.watched("post", self.post, {"send": tricks}, fallible=False)

    def beat(self, worker: str, lives: bool = True) -> None:
        """The queue hears of a worker, or has not heard of it for too long. A heartbeat is no news, so one lasts."""
        with self.fetched.connection() as session:
            workers, seen = session.table("worker"), {"beat_at": FOREVER if lives else EPOCH}
            if workers.get(worker) != seen:
                workers[worker] = seen

    def record(self, place: Place) -> Record:
        """What stands there."""
        topic, partition, offset = place
        return self.broker.after((topic, partition), offset, 1)[0]

    def expire(self, process: str) -> None:
        """Nobody has heard of this process for too long."""
        self.beat(process, lives=False)
        for source in self._sources.get(process, ()):
            self.broker.expire(source)

    def vanished(self, process: str) -> None:
        """The process is gone; sooner or later that is noticed."""
        for source in self._sources.get(process, ()):
            source.die()
        self.engine.later(self.engine.chance.choice((0.0, SESSION_SECONDS)), lambda: self.expire(process))

    # -- what befalls the world

    def _before_statement(self, name: str) -> None:
        """Raises Unavailable: the database does not answer."""
        if self.engine.point(f"before the statement {name}", CAN_FAIL) is Kind.NO_ANSWER:
            raise Unavailable("PostgreSQL", name)

    def _wait_for_a_row(self) -> None:
        """Let others run; sooner or later the database gives up waiting."""
        if self.engine.chance.random() < 0.02:
            self.engine.news()
            raise Unavailable("PostgreSQL", "lock timeout")
        self.engine.sleep(LOOK_SECONDS)

    def _write_garbage(self) -> str:
        """A record that claims to be an event of its topic, of no run, and is none."""
        topic = self.engine.chance.choice(READ)
        ce_type = next(name for name in types_on([topic]) if name != CollectionFinished.ce_type)
        return self._strange(topic, Outgoing(topic, b"cmp_nobody", b"{", (("ce_type", ce_type.encode()),)))

    def _write_again(self) -> str:
        """A record that a service wrote, again: what a producer does whose acknowledgement came too late."""
        written = [record for topic in LIVE for record in self.broker.records(topic) if place_of(record) not in self.strange]
        if not written:
            return "nothing to write again"
        record = self.engine.chance.choice(written)
        return self._strange(record.topic, Outgoing(record.topic, record.key, record.value, record.headers))

    def _strange(self, topic: str, message: Outgoing) -> str:
        place = place_of(self.broker.append(topic, message))
        self.strange.add(place)
        return f"    {place}"

    def _rewind(self) -> str:
        """As an operator does while the group's members are away. The ledger knows its offsets itself: nothing moves it."""
        group = f"achats-{self.engine.chance.choice(SERVICES)}"
        for sources in self._sources.values():
            for source in sources:
                if source.group is self.broker.group(group):
                    self.broker.expire(source)
        self.broker.group(group).committed.clear()
        return f"    {group} starts again"

    def _corrupt(self, part: MemorySender, arguments: tuple[Any, ...]) -> int:
        """One collected invoice arrives as something that is no JSON."""
        messages = list(cast(list[Outgoing], arguments[0]))
        places = [n for n, message in enumerate(messages) if is_invoice(message)]
        if places:
            n = self.engine.chance.choice(places)
            messages[n] = replace(messages[n], value=SPOILED + (messages[n].value or b""))
        sent = part.send(messages)
        self.corrupted |= {place_of(record) for record in self.broker.records(COLLECTED) if (record.value or b"").startswith(SPOILED * 2)}
        return sent

    def _lose_acknowledgements(self, part: MemorySender, arguments: tuple[Any, ...]) -> int:
        """All arrives, the first few are acknowledged."""
        acknowledged = self.engine.chance.randrange(part.send(arguments[0]) or 1)
        if not acknowledged:
            raise Unavailable("Kafka acknowledges nothing")
        return acknowledged


class PatientSource:
    """A source that waits when there is nothing to read."""

    def __init__(self, ear: Ear, source: Any) -> None:
        self._ear, self._source = ear, source

    def poll(self, limit: int, wait_seconds: float) -> Any:
        """Records, or nothing after a while."""
        records = self._source.poll(limit, wait_seconds)
        if not records:
            self._ear.wait(wait_seconds)
        return records

    def commit(self, records: Any) -> None:
        """As the source does."""
        self._source.commit(records)

    def close(self) -> None:
        """As the source does."""
        self._source.close()


def send_the_tail_first(part: Any, arguments: tuple[Any, ...]) -> int:
    """The first message is lost, those behind it arrive: nothing counts as sent."""
    part.send(arguments[0][1:])
    raise Unavailable("Kafka acknowledges nothing")


def lose_commit(_part: Any, _arguments: tuple[Any, ...]) -> None:
    """Nothing is committed, and nobody notices."""


def answer_with(verdict: Verdict) -> Trick:
    """The mail server's next answer."""

    def trick(part: MemoryPost, arguments: tuple[Any, ...]) -> Outcome:
        part.answers.insert(0, Outcome(verdict, "simulated"))
        return part.send(*arguments)

    return trick


def place_of(record: Record) -> Place:
    """Where it stands."""
    return record.topic, record.partition, record.offset


def is_invoice(message: Outgoing) -> bool:
    """Whether it is a collected invoice, which has a number in its run."""
    return message.topic == COLLECTED and any(name == "ce_runseq" for name, _ in message.headers)
