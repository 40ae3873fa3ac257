"""One real Kafka and one real PostgreSQL for the whole session; the head of the report says which, its foot which of them ran."""

import os
import uuid
from collections.abc import Callable, Generator
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from deploy.ops import topics
from tests.support.local import SessionBroker, SessionDatabase, new_database, session_kafka, session_postgres

RAN: list[str] = []
LONG_FIRST = ("tests/e2e/", "tests/integration/", "tests/simulation/", "tests/adapters/")


def pytest_report_header() -> list[str]:
    """Which servers the tests ask for."""
    return [f"broker: BROKER={os.environ.get('BROKER', 'local')}", f"database: DATABASE={os.environ.get('DATABASE', 'local')}"]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Which servers really ran."""
    terminalreporter.write_sep("-", "ran on " + ("; ".join(RAN) or "no server: no test asked for one"))


def pytest_sessionfinish(session: pytest.Session) -> None:
    """A process that ran a part of the tests tells its controller on which servers."""
    output: dict[str, object] | None = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["ran"] = RAN


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """What such a process told; one that died told nothing, and xdist names the test it was at."""
    told: dict[str, list[str]] = getattr(node, "workeroutput", {})
    RAN.extend(told.get("ran", []))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What takes long begins first, or at the end one process would work on a long file while the others have nothing left."""
    items.sort(key=_place)


def _place(item: pytest.Item) -> int:
    return next((place for place, folder in enumerate(LONG_FIRST) if item.nodeid.startswith(folder)), len(LONG_FIRST))


@pytest.fixture(scope="session")
def broker() -> Generator[SessionBroker]:
    """The session's Kafka."""
    with session_kafka() as server:
        RAN.append(server.description)
        yield server


@pytest.fixture(scope="session")
def bootstrap(broker: SessionBroker) -> str:
    """The session's Kafka, with every topic of topics.yaml."""
    topics.apply(broker.bootstrap, replication=1)
    return broker.bootstrap


@pytest.fixture(scope="session")
def database() -> Generator[SessionDatabase]:
    """The session's PostgreSQL server."""
    with session_postgres() as server:
        RAN.append(server.description)
        yield server


@pytest.fixture
def database_url(database: SessionDatabase) -> Generator[str]:
    """An empty database of the test's own, as its administrator."""
    with new_database(database) as url:
        yield url


@pytest.fixture
def new_topic(broker: SessionBroker) -> Callable[[int], str]:
    """Makes a topic of the test's own with that many partitions; its name."""

    administrator = AdminClient({"bootstrap.servers": broker.bootstrap})

    def make(partitions: int) -> str:
        name = f"test-{uuid.uuid4().hex[:12]}"
        administrator.create_topics([NewTopic(name, partitions, 1)])[name].result(30)
        return name

    return make
