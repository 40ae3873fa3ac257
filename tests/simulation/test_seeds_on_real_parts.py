"""Twenty of the seeds on a real Kafka and a real PostgreSQL: the same faults, the same promises; and planted mistakes are found there too.

What differs from memory: a frozen or killed member leaves its group when the engine says so and not after six real seconds; no fault falls
amid a rebalance, where librdkafka calls us; the fetcher's statements have points around their transactions, not before each. Two runs of
one seed are alike in their faults and turns, not in what Kafka has delivered at each.
"""

import uuid
from collections.abc import Callable, Generator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest.mock import patch

import psycopg
import pytest
from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient
from confluent_kafka.admin._listoffsets import OffsetSpec
from confluent_kafka.cimpl import NewTopic
from psycopg import sql

from deploy.local.folders import temporary_data_folder
from deploy.local.kafka import Kafka
from schemas.registry import topics
from services.classifier.main import MIGRATIONS as CLASSIFIER
from services.fetcher.main import MIGRATIONS as FETCHER
from services.kernel import postgres
from services.kernel.kafka import CONSUMER
from services.kernel.migrate import migrate
from services.ledger.main import MIGRATIONS as LEDGER
from services.notifier.main import MIGRATIONS as NOTIFIER
from tests.simulation.engine import Restless
from tests.simulation.faults import drawn
from tests.simulation.invariants import broken
from tests.simulation.mistakes import Planted, offset_first, poison_swallowed
from tests.simulation.playing import outcome as in_memory
from tests.simulation.real.parts import RealParts
from tests.simulation.real.photograph import photograph
from tests.simulation.real.world import HEARTBEAT_MS, WAITS, RealWorld, Servers
from tests.simulation.scenario import made_up, play
from tests.simulation.world import PARTITIONS
from tests.support.local import SessionDatabase
from tests.support.reading import wait_until

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

SEEDS = range(1, 21)
SCHEMAS: dict[str, tuple[Path, bool]] = {
    "fetcher": (FETCHER, True),
    "classifier": (CLASSIFIER, True),
    "ledger": (LEDGER, True),
    "notifier": (NOTIFIER, True),
}
ANSWER_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Ground:
    """A Kafka of the module's own, for its topics are made anew for each seed; and a database with every schema, to be copied."""

    bootstrap: str
    database: SessionDatabase
    template: str

    @contextmanager
    def emptied(self) -> Generator[Servers]:
        """Empty topics, no groups, an empty database; who waits for a locked row gives up soon."""
        name = f"seed_{uuid.uuid4().hex[:12]}"
        _administer(self.database, sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(self.template)))
        _make_topics(self.bootstrap)
        with patch.object(postgres, "WAITS", WAITS), patch.dict(CONSUMER, {"heartbeat.interval.ms": HEARTBEAT_MS}):
            yield Servers(self.bootstrap, self.database.dsn(name))
        _administer(self.database, sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture(scope="module")
def ground(database: SessionDatabase) -> Generator[Ground]:
    """What every seed starts on."""
    template = f"seeds_{uuid.uuid4().hex[:12]}"
    _administer(database, sql.SQL("create database {}").format(sql.Identifier(template)))
    for service, (folder, with_outbox) in SCHEMAS.items():
        migrate(database.dsn(template), service, folder, with_outbox)
    with temporary_data_folder("achats-seeds-") as data, Kafka(data) as running:
        yield Ground(running.bootstrap, database, template)
    _administer(database, sql.SQL("drop database {} with (force)").format(sql.Identifier(template)))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_promise_holds_on_the_real_parts(seed: int, ground: Ground):
    """Goal: what the seeds show in memory holds on what ships. Case: two companies, two days, up to twenty faults."""
    assert [] == outcome(seed, ground)


@pytest.mark.parametrize("mistake", [offset_first, poison_swallowed], ids=lambda mistake: mistake.__name__)
def test_a_planted_mistake_is_found_on_the_real_parts(mistake: Callable[[], Planted], ground: Ground):
    """One of the same seeds breaks a promise; without the mistake none of them does. Those that break one in memory are played first."""
    with mistake():
        likeliest = sorted(SEEDS, key=lambda seed: not in_memory(drawn(seed)))
        found = next((seed for seed in likeliest if outcome(seed, ground)), None)
    assert found is not None
    print(f"{mistake.__name__}: seed {found}")


def outcome(seed: int, ground: Ground) -> list[str]:
    """The promises that the seed breaks."""
    schedule = drawn(seed)
    with ground.emptied() as servers, closing(RealWorld(schedule, *made_up(schedule), servers)) as world:
        found = _broken(world, seed)
    if found:
        print(schedule, *world.engine.happened, *found, sep="\n")
    return found


def _broken(world: RealWorld, seed: int) -> list[str]:
    """What never comes to rest breaks a promise as well."""
    try:
        play(world, seed, RealParts)
    except Restless as restless:
        return [f"{restless.__doc__} {restless}"]
    world.end()
    photograph(world)
    return broken(world)


def _make_topics(bootstrap: str) -> None:
    """Every topic of topics.yaml anew, with few partitions and no compaction, each with its leader; no group."""
    administrator: Any = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
    there = [topic for topic in administrator.list_topics(timeout=ANSWER_SECONDS).topics if topic.startswith("achats.")]
    wait_until(lambda: _forget_groups(administrator))
    gone: dict[str, Any] = administrator.delete_topics(there) if there else {}
    for answer in gone.values():
        answer.result(ANSWER_SECONDS)
    for answer in administrator.create_topics([NewTopic(topic.name, PARTITIONS, 1) for topic in topics()]).values():
        answer.result(ANSWER_SECONDS)
    wait_until(lambda: _are_led(bootstrap))


def _forget_groups(administrator: Any) -> bool:
    """Whether no group is left. A member that ended while it joined is in its group until its session is over."""
    groups = [group.group_id for group in administrator.list_consumer_groups().result(ANSWER_SECONDS).valid]
    gone: dict[str, Any] = administrator.delete_consumer_groups(groups) if groups else {}
    try:
        for answer in gone.values():
            answer.result(ANSWER_SECONDS)
    except KafkaException:
        return False
    return True


def _are_led(bootstrap: str) -> bool:
    """Whether somebody who knew no topic before finds every partition empty."""
    administrator: Any = AdminClient({"bootstrap.servers": bootstrap, "log_level": 2})
    places = [TopicPartition(topic.name, partition) for topic in topics() for partition in range(PARTITIONS)]
    try:
        asked = administrator.list_offsets({place: OffsetSpec.latest() for place in places})
        return {0} == {answer.result(ANSWER_SECONDS).offset for answer in asked.values()}
    except KafkaException:
        return False


def _administer(database: SessionDatabase, statement: sql.Composed) -> None:
    with psycopg.connect(database.admin_url, autocommit=True) as administrator:
        administrator.execute(statement)
