"""What stops services, and what an operator does about it: look, resume after a trip, skip a record that ends its service."""

import os
from collections.abc import Generator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import aiosql
from psycopg import Connection
from psycopg.errors import InsufficientPrivilege, InvalidSchemaName, UndefinedTable

from deploy.ops.parked_records import consumer, in_log
from schemas.registry import topic, topics
from services.kernel.errors import Unavailable
from services.kernel.postgres import PostgresStore

QUERIES: Any = aiosql.from_path(Path(__file__).with_name("parked.sql"), "psycopg")
SERVICES = tuple(one.owner for one in topics() if one.name.startswith("achats.parked."))


class NoDatabase(Exception):
    """The service's database is not told, does not answer, or does not let us in."""

    next_action = "Set ACHATS_<SERVICE>_MIGRATE_URL (or ACHATS_<SERVICE>_DATABASE_URL where they are one) to the operators' role."


class NobodyReads(Exception):
    """No service reads this topic."""

    next_action = (
        "Take the topic, partition and offset from the log of the service that stops: `achats parked status` lists what is skipped."
    )


class SeveralRead(Exception):
    """Several services read this topic."""

    next_action = "Say which one stops, with --service."


class NotInLog(Exception):
    """The log of this partition does not have that offset."""

    next_action = "Take the offset from the log of the service that stops; a record that is not there yet cannot stop it."


@dataclass(frozen=True, slots=True)
class Skip:
    """A record that its service parks without looking into it, and who asked so when and why."""

    topic: str
    partition: int
    offset: int
    asked_by: str
    asked_at: datetime
    why: str


@dataclass(frozen=True, slots=True)
class Status:
    """A service's breaker (`reason` is None while nothing is tripped) and its skips."""

    service: str
    reason: str | None
    tripped_at: datetime | None
    before: str | None
    skips: tuple[Skip, ...]


def status(service: str, environment: Mapping[str, str] = os.environ) -> Status:
    """A service's breaker and skips. Raises NoDatabase."""
    with _schema(service, environment) as connection:
        trip, skips = QUERIES.open_trip(connection), tuple(Skip(*row) for row in QUERIES.skips(connection))
    if trip is None:
        return Status(service, None, None, None, skips)
    tripped_at, reason, *place = trip
    return Status(service, reason, tripped_at, "/".join(map(str, place)), skips)


def resume(service: str, by: str, environment: Mapping[str, str] = os.environ) -> bool:
    """Let a service consume again; False when it was not tripped. Raises NoDatabase."""
    with _schema(service, environment) as connection:
        return bool(QUERIES.resume(connection, by=by))


def skip(bootstrap: str, wish: Skip, service: str | None, environment: Mapping[str, str] = os.environ) -> str:
    """Have the reader of the topic park this record unread; which service that is.

    Raises NobodyReads, SeveralRead, NotInLog, NoBroker, NoDatabase.
    """
    reader = _reader_of(wish.topic, service)
    _ensure_in_log(bootstrap, wish)
    with _schema(reader, environment) as connection:
        place = {"topic": wish.topic, "partition": wish.partition, "offset": wish.offset}
        QUERIES.skip(connection, by=wish.asked_by, why=wish.why, **place)
    return reader


def _reader_of(name: str, service: str | None) -> str:
    readers = [reader for one in topics() if one.name == name for reader in one.read_by]
    if not readers or service not in (None, *readers):
        raise NobodyReads(f"{name} is not read by {service or 'any service'}.")
    if service is None and len(readers) > 1:
        raise SeveralRead(f"{name} is read by {', '.join(readers)}.")
    return service or readers[0]


def _ensure_in_log(bootstrap: str, wish: Skip) -> None:
    if wish.partition not in range(topic(wish.topic).partitions):
        raise NotInLog(f"{wish.topic} has no partition {wish.partition}.")
    with consumer(bootstrap) as reader:
        begin, end = in_log(reader, wish.topic, wish.partition)
    if wish.offset not in range(begin, end):
        raise NotInLog(f"{wish.topic}/{wish.partition} holds the offsets from {begin} up to, not including, {end}; not {wish.offset}.")


@contextmanager
def _schema(service: str, environment: Mapping[str, str]) -> Generator[Connection]:
    """One transaction in a service's schema, as the role that may change it. Raises NoDatabase."""
    name = f"ACHATS_{service.upper()}_"
    url = environment.get(f"{name}MIGRATE_URL") or environment.get(f"{name}DATABASE_URL")
    if not url:
        raise NoDatabase(f"{name}DATABASE_URL is not set.")
    try:
        with closing(PostgresStore(url, service, pool_size=1)) as store, store.connection() as connection:
            yield connection
    except (Unavailable, InsufficientPrivilege, InvalidSchemaName, UndefinedTable) as trouble:
        raise NoDatabase(f"{service}: {str(trouble).splitlines()[0]}.") from trouble
