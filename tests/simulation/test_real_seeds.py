"""Twenty of the seeds on a real Kafka and a real PostgreSQL: the same faults, the same promises.

What differs from memory: a frozen or killed member leaves its group when the engine says so and not after six real seconds; no fault falls
amid a rebalance, where librdkafka calls us; the fetcher's statements have points around their transactions, not before each. Two runs of
one seed are alike in their faults and turns, not in what Kafka has delivered at each.
"""

import uuid
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from unittest.mock import patch

import psycopg
import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic
from psycopg import sql

from deploy.local.folders import temporary_data_folder
from deploy.local.kafka import Kafka
from schemas.registry import topics
from services.fetcher.main import MIGRATIONS as FETCHER
from services.kernel import postgres
from services.kernel.kafka import CONSUMER
from services.kernel.migrate import migrate
from services.ledger.main import MIGRATIONS as LEDGER
from services.notifier.main import MIGRATIONS as NOTIFIER
from tests.simulation.faults import drawn
from tests.simulation.invariants import broken
from tests.simulation.real import HEARTBEAT_MS, WAITS, RealParts, RealWorld, Servers
from tests.simulation.real_photograph import photograph
from tests.simulation.scenario import made_up, play
from tests.simulation.world import PARTITIONS
from tests.support.local import SessionDatabase

pytestmark = [pytest.mark.long, pytest.mark.timeout(300)]

SEEDS = range(1, 21)
SCHEMAS: dict[str, tuple[Path | None, bool]] = {
    "fetcher": (FETCHER, True),
    "classifier": (None, False),
    "ledger": (LEDGER, False),
    "notifier": (NOTIFIER, True),
}
ANSWER_SECONDS = 60.0


@pytest.fixture(scope="module")
def kafka() -> Generator[str]:
    """A Kafka of the module's own, for its topics are made anew for each seed; where it answers."""
    with temporary_data_folder("achats-seeds-") as data, Kafka(data) as running:
        yield running.bootstrap


@pytest.fixture(scope="module")
def template(database: SessionDatabase) -> Generator[str]:
    """A database with the schemas of all services, to be copied."""
    name = f"seeds_{uuid.uuid4().hex[:12]}"
    _administer(database, sql.SQL("create database {}").format(sql.Identifier(name)))
    for service, (folder, with_outbox) in SCHEMAS.items():
        migrate(database.dsn(name), service, folder, with_outbox)
    yield name
    _administer(database, sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.fixture
def servers(kafka: str, template: str, database: SessionDatabase) -> Generator[Servers]:
    """Empty topics, no groups, an empty database; who waits for a locked row gives up soon."""
    name = f"seed_{uuid.uuid4().hex[:12]}"
    _administer(database, sql.SQL("create database {} template {}").format(sql.Identifier(name), sql.Identifier(template)))
    _make_topics(kafka)
    with patch.object(postgres, "WAITS", WAITS), patch.dict(CONSUMER, {"heartbeat.interval.ms": HEARTBEAT_MS}):
        yield Servers(kafka, database.dsn(name))
    _administer(database, sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@pytest.mark.parametrize("seed", SEEDS)
def test_every_promise_holds_on_the_real_parts(seed: int, servers: Servers):
    """Goal: what the seeds show in memory holds on what ships. Case: two companies, two days, up to twenty faults."""
    assert [] == outcome(seed, servers)


def outcome(seed: int, servers: Servers) -> list[str]:
    """The promises that the seed breaks."""
    schedule = drawn(seed)
    with closing(RealWorld(schedule, *made_up(schedule), servers)) as world:
        play(world, seed, RealParts)
        world.end()
        photograph(world)
        found = broken(world)
    if found:
        print(schedule, *world.engine.happened, sep="\n")
    return found


def _make_topics(bootstrap: str) -> None:
    """Every topic of topics.yaml anew, with few partitions and no compaction; no group."""
    administrator = AdminClient({"bootstrap.servers": bootstrap})
    groups = [group.group_id for group in administrator.list_consumer_groups().result(ANSWER_SECONDS).valid or []]
    there = [topic for topic in administrator.list_topics(timeout=ANSWER_SECONDS).topics if topic.startswith("achats.")]
    asked = administrator.delete_topics(there) if there else {}
    made = {**(administrator.delete_consumer_groups(groups) if groups else {})}
    for answer in (*asked.values(), *made.values()):
        answer.result(ANSWER_SECONDS)
    new = administrator.create_topics([NewTopic(topic.name, PARTITIONS, 1) for topic in topics()])
    for answer in new.values():
        answer.result(ANSWER_SECONDS)


def _administer(database: SessionDatabase, statement: sql.Composed) -> None:
    with psycopg.connect(database.admin_url, autocommit=True) as administrator:
        administrator.execute(statement)
