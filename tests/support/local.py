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
from testcontainers.community.kafka import KafkaContainer
from testcontainers.community.postgres import PostgresContainer

from deploy.local.folders import temporary_data_folder
from deploy.local.jars import KAFKA_VERSION
from deploy.local.kafka import Kafka
from deploy.local.postgres import Postgres


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
            with KafkaContainer().with_kraft().with_env("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false") as container:
                yield SessionBroker(container.get_bootstrap_server(), f"Kafka, container {container.image}")
        case unknown:
            raise NotConfigured(f"BROKER={unknown}: choose local, external or testcontainers")


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
