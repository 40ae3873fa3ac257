"""The world on a real Kafka and a real PostgreSQL: the same engine, faults and processes over the adapters that ship.

One thread plays all, so nobody may wait for long: a locked row is given up after 50 ms, a poll brings what is there. What is in
memory still: Amazon, the mailbox, the document shelf, and in the end the photograph that the promises are checked on.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, override

import kafka.admin
import psycopg
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, Producer, TopicPartition
from psycopg.conninfo import make_conninfo

from services.fetcher.domain.company import CompanyFile
from services.kernel.envelope import Outgoing, Place, Record
from services.kernel.errors import Unavailable
from services.kernel.kafka import PRODUCER, KafkaSender, KafkaSource
from services.kernel.ports import Positions
from tests.simulation.faults import Kind, Schedule
from tests.simulation.memory.amazon import AmazonWorld
from tests.simulation.real.jobs import RealJobs
from tests.simulation.real.rest import Rest, Where
from tests.simulation.world import LIVE, SERVICES, PatientSource, World

ADMIN: Any = kafka.admin  # a checker knows the stubs of an older version
WAITS = "-c lock_timeout=50ms -c idle_in_transaction_session_timeout=60s"  # in place of the kernel's own
HEARTBEAT_MS = 100  # in place of two seconds, after which a member learns that others came or went


@dataclass(frozen=True, slots=True)
class Servers:
    """Where the parts answer: empty topics, and a database with every schema, as its administrator."""

    bootstrap: str
    database_url: str

    def url(self, service: str, process: str) -> str:
        """The database as this process sees it."""
        role = {"user": "ledger_consumer"} if service == "ledger" else {}
        return make_conninfo(self.database_url, application_name=process, **role)


class RealWorld(World):
    """One world for one seed. What it inherits in memory stays empty until the photograph."""

    def __init__(self, schedule: Schedule, companies: Sequence[CompanyFile], amazon: AmazonWorld, servers: Servers) -> None:
        super().__init__(schedule, companies, amazon)
        self.servers = servers
        self.administrator: psycopg.Connection[Any] = psycopg.connect(servers.database_url, autocommit=True, options=WAITS)
        self.rest = Rest(servers.bootstrap, self.administrator, self.engine)
        self.engine.settled = self.rest.settled
        self._members, self._parts = dict[str, list[RealSource]](), dict[str, Callable[[], None]]()
        self._said, self._senders = list[Outgoing](), dict[str, RealSender]()
        self._stranger = Producer({**PRODUCER, "bootstrap.servers": servers.bootstrap})

    def own(self, process: str, end: Callable[[], None]) -> None:
        """`end` ends the sessions of this life of a process, with it."""
        self._parts[process] = end

    @override
    def sender(self, name: str) -> Any:
        """The kernel's, with every fault of the twin; one for all lives of a service, for each would take half a second to connect."""
        tricks = self.sending(name)
        sender = self._senders.setdefault(name, RealSender(self, KafkaSender(self.servers.bootstrap, name)))
        return self.watched(f"{name} sender", sender, {"send": tricks})

    @override
    def source(self, process: str, group: str, topics: tuple[str, ...], positions: Any = None) -> Any:
        """The kernel's; no fault falls amid a rebalance, where librdkafka calls us."""
        source = RealSource(self, group, PromptSource(self.servers.bootstrap, group, topics, positions, partial(self.rest.released, group)))
        self._members.setdefault(process, []).append(source)
        watched = self.watched(f"{group} source", source, {"commit": {Kind.COMMIT_LOST: self._lose_commit}}, fallible=False)
        return PatientSource(self.engine.ear(group, *topics), watched)

    @override
    def beat(self, worker: str, lives: bool = True) -> None:
        """The queue knows its workers by a number."""
        if worker.startswith("fetcher"):
            RealJobs(self.administrator, self.engine).beat(worker, lives)

    @override
    def expire(self, process: str) -> None:
        """Nobody has heard of this process for too long: Kafka counts its members out, PostgreSQL gives its transactions up."""
        self.beat(process, lives=False)
        self._expel(self._members.get(process, ()))
        query = "select pg_terminate_backend(pid, 1000) from pg_stat_activity where application_name = %s and state like 'idle in trans%%'"
        self.administrator.execute(query, [process])

    @override
    def vanished(self, process: str) -> None:
        """The process is gone: first its sessions, so that it gives up no position in order; then its members leave."""
        if end := self._parts.pop(process, None):
            end()
        self.beat(process, lives=False)
        for source in self._members.pop(process, ()):
            source.close()
        self.rest.began()

    def arrived(self, messages: Sequence[Outgoing]) -> None:
        """One of our services sent this."""
        self._said += [message for message in messages if message.topic in LIVE]
        self.engine.news()

    def end(self) -> None:
        """End every process."""
        self.engine.end()
        for process in {*self._parts, *self._members}:
            self.vanished(process)

    def close(self) -> None:
        """End all that is still open."""
        self.end()
        self.administrator.close()

    def _lose_commit(self, part: "RealSource", arguments: tuple[Any, ...]) -> None:
        """Nothing is committed, and nobody notices; nobody waits for it either."""
        self.rest.lost |= {(part.group, record.topic, record.partition): record.offset + 1 for record in arguments[0]}

    def _expel(self, sources: Iterable["RealSource"]) -> None:
        """The same end as six seconds without a heartbeat, at once."""
        administrator = ADMIN.KafkaAdminClient(bootstrap_servers=self.servers.bootstrap)
        for source in sources:
            if member := source.member():
                administrator.remove_group_members(source.group, [ADMIN.MemberToRemove(member_id=member)])
        administrator.close()
        self.rest.began()

    @override
    def _write_again(self) -> str:
        if not self._said:
            return "nothing to write again"
        message = self.engine.chance.choice(self._said)
        return self._strange(message.topic, message)

    @override
    def _strange(self, topic: str, message: Outgoing) -> str:
        places = list[Place]()

        def note(error: KafkaError | None, sent: Message) -> None:
            assert error is None, error
            places.append((topic, sent.partition() or 0, sent.offset() or 0))

        self._stranger.produce(topic, message.value, message.key, headers=list(message.headers), on_delivery=note)
        self._stranger.flush()
        self.strange |= set(places)
        self.engine.news()
        return f"    {places[0]}"

    @override
    def _rewind(self) -> str:
        """The group's members are counted out and the group is deleted, with its offsets; it is there again at the next poll."""
        group = f"achats-{self.engine.chance.choice(SERVICES)}"
        self._expel(source for sources in self._members.values() for source in sources if source.group == group)
        return f"    {group} starts again" if self.rest.forget(group) else f"    {group} is not empty: nothing"


class RealSender:
    """The kernel's sender, which tells what it was given."""

    def __init__(self, world: RealWorld, sender: KafkaSender) -> None:
        self._world, self._sender = world, sender

    def send(self, messages: Sequence[Outgoing]) -> int:
        """As the sender does."""
        self._world.arrived(messages)
        return self._sender.send(messages)


class PromptSource(KafkaSource):
    """The kernel's source, which has no need of a sign of life: it would hold up the one thread for half a second at each start.

    It tells what it gave up.
    """

    def __init__(
        self, bootstrap: str, group: str, topics: Sequence[str], positions: Positions | None, released: Callable[[list[Where]], None]
    ) -> None:
        super().__init__(bootstrap, group, topics, positions)
        self._tell = released

    @override
    def _released(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        super()._released(consumer, partitions)
        self._tell([(place.topic, place.partition) for place in partitions])

    @override
    def _ask_for_a_sign_of_life(self) -> None:
        """The broker lives."""
        self._commit_what_is_due()


class RealSource:
    """The kernel's source, which waits in real time only when nothing else is to be done."""

    def __init__(self, world: RealWorld, group: str, source: KafkaSource) -> None:
        self.group, self._world, self._source, self._open = group, world, source, True

    def poll(self, limit: int, _: float) -> Sequence[Record]:
        """What is there."""
        records = self._source.poll(limit, self._world.rest.poll_seconds)
        if records:
            self._world.rest.moved()
            self._world.engine.news()
        return records

    def commit(self, records: Sequence[Record]) -> None:
        """As the source does."""
        self._source.commit(records)
        self._world.engine.news()  # what was handled stands in a schema by now, where a relay finds it

    def close(self) -> None:
        """Once. Who is gone asks its closed book for nothing."""
        if self._open:
            self._open = False
            with suppress(KafkaException, Unavailable):
                self._source.close()

    def member(self) -> str | None:
        """Its name in the group; none when it has left."""
        return self._source._consumer.memberid() if self._open else None  # pyright: ignore[reportPrivateUsage]
