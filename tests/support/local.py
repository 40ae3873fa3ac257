"""One broker and one database for a whole test session: ours, somebody's, or containers.

`BROKER` and `DATABASE` choose: `local` (default), `external` (then `BROKER_BOOTSTRAP`, `DATABASE_ADMIN_URL` say where), `testcontainers`.
"""

import os
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import quote

import docker
import psycopg
from docker.errors import DockerException
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict
from testcontainers.community.postgres import PostgresContainer
from testcontainers.core.container import DockerContainer
from testcontainers.core.waiting_utils import wait_for_logs

from deploy.local.folders import temporary_data_folder
from deploy.local.jars import KAFKA_VERSION
from deploy.local.kafka import Kafka
from deploy.local.postgres import Postgres
from deploy.local.processes import LOOPBACK, free_port

CONTAINER_SECONDS = 60


class NotConfigured(Exception):
    """The environment asks for test servers it does not describe."""


class NoDocker(Exception):
    """Tests were asked to run against containers, and no Docker answers. Start Docker, or use BROKER=local and DATABASE=local."""


@dataclass(frozen=True, slots=True)
class SessionBroker:
    """Where the session's Kafka answers, and what it is (for the head of the test report)."""

    bootstrap: str
    description: str


@dataclass(frozen=True, slots=True)
class SessionDatabase:
    """The session's PostgreSQL as its administrator sees it, and what it is (for the head of the test report)."""

    admin_url: str
    description: str

    def dsn(self, database: str, user: str | None = None) -> str:
        """The address of another database, as the administrator or as another user with the same password."""
        known = conninfo_to_dict(self.admin_url)
        name, password = (quote(str(part or ""), safe="") for part in (user or known.get("user"), known.get("password")))
        login = f"{name}:{password}" if password else name
        return f"postgresql://{login}@{known.get('host')}:{known.get('port') or 5432}/{database}"


@contextmanager
def new_database(database: SessionDatabase) -> Generator[str]:
    """An empty database for as long as the context lasts, as its administrator."""
    name = f"test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(database.admin_url, autocommit=True) as administrator:
        administrator.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
        yield database.dsn(name)
        administrator.execute(sql.SQL("drop database {} with (force)").format(sql.Identifier(name)))


@contextmanager
def session_kafka() -> Generator[SessionBroker]:
    """The broker chosen by `BROKER`, for as long as the context lasts."""
    match os.environ.get("BROKER", "local"):
        case "local":
            with temporary_data_folder("achats-tests-") as data, Kafka(data) as kafka:
                yield SessionBroker(kafka.bootstrap, f"Apache Kafka {KAFKA_VERSION}, local, {kafka.bootstrap}")
        case "external":
            bootstrap = _required("BROKER_BOOTSTRAP")
            yield SessionBroker(bootstrap, f"Kafka, external, {bootstrap}")
        case "testcontainers":
            _require_docker()
            image, port = f"apache/kafka:{KAFKA_VERSION}", free_port()
            with DockerContainer(image, env=kafka_settings(port)).with_bind_ports(9092, port) as container:
                wait_for_logs(container, "Kafka Server started", CONTAINER_SECONDS)
                yield SessionBroker(f"{LOOPBACK}:{port}", f"Kafka, container {image}")
        case unknown:
            raise NotConfigured(f"BROKER={unknown}: choose local, external or testcontainers")


def kafka_settings(port: int) -> dict[str, str]:
    """The environment of the Apache project's own image, reached at `port` of this machine. Not proven: no Docker here."""
    return {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": "CLIENT://:9092,CONTROLLER://:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"CLIENT://{LOOPBACK}:{port}",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "CLIENT",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "CLIENT:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
    }


@contextmanager
def session_postgres() -> Generator[SessionDatabase]:
    """The database server chosen by `DATABASE`, for as long as the context lasts."""
    match os.environ.get("DATABASE", "local"):
        case "local":
            with temporary_data_folder("achats-tests-") as data, Postgres(data) as postgres:
                yield SessionDatabase(postgres.dsn("postgres"), "PostgreSQL 18, local")
        case "external":
            admin_url = _required("DATABASE_ADMIN_URL")
            yield SessionDatabase(admin_url, f"PostgreSQL, external, {conninfo_to_dict(admin_url).get('host', 'local socket')}")
        case "testcontainers":
            _require_docker()
            with PostgresContainer("postgres:18", driver=None) as container:
                yield SessionDatabase(container.get_connection_url(), f"PostgreSQL, container {container.image}")
        case unknown:
            raise NotConfigured(f"DATABASE={unknown}: choose local, external or testcontainers")


def _required(name: str) -> str:
    """The value of an environment variable; raises NotConfigured when it is missing."""
    value = os.environ.get(name)
    if not value:
        raise NotConfigured(f"{name} must say where the external test server is")
    return value


def _require_docker() -> None:
    try:
        docker.from_env().ping()
    except DockerException as missing:
        raise NoDocker(str(NoDocker.__doc__)) from missing
