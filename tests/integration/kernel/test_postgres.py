"""What only the real PostgreSQL can show of the kernel's store: what it refuses, and migrations. The rest is in tests/adapters."""

from pathlib import Path
from typing import Any, LiteralString

import psycopg
import pytest

from services.kernel.clock import SystemClock
from services.kernel.envelope import Event, Outgoing, deliver
from services.kernel.loop import OncePerEvent
from services.kernel.migrate import migrate
from services.kernel.postgres import Outbox, PostgresStore, Transaction
from tests.support.kernel import TYPES, ThingDone, outgoing, record, thing


@pytest.mark.parametrize(
    "statement",
    [
        "select '\\x00'::bytea, 1 / 0",
        "select 32768::smallint",
        "select 'x'::jsonb",
        "insert into inbox values (null)",
        "do $$ begin raise exception 'too much' using errcode = '54000'; end $$",
    ],
)
def test_what_the_database_refuses_is_parked(database_url: str, tmp_path: Path, statement: LiteralString):
    """Case: data (class 22), constraints (23) and program limits (54) of PostgreSQL; the next event goes on."""

    def write(event: Event[Any], transaction: Transaction) -> None:
        transaction.send(outgoing("repeated", 1))
        if event.id == thing(1).id:
            transaction.connection.execute(statement)

    migrate(database_url, "sample", tmp_path, with_outbox=True)
    store, sent = PostgresStore(database_url, "sample"), list[Outgoing]()
    batch = [deliver(record(outgoing("things", n), offset=n), TYPES) for n in (1, 2)]
    OncePerEvent(store, "sample", "parked", {ThingDone: write}, SystemClock())(batch)
    Outbox(store).turn(100, lambda messages: sent.extend(messages) or len(messages))
    store.close()
    assert ["parked", "repeated"] == sorted(message.topic for message in sent)


def test_a_migration_waits_for_no_lock_for_ever(database_url: str, tmp_path: Path):
    """Goal: no wait without an end. Case: what PostgreSQL says of the connection that applies a file."""
    shown = "select current_setting('lock_timeout') as locked, current_setting('idle_in_transaction_session_timeout') as idle"
    (tmp_path / "0001_shown.sql").write_text(f"create table shown as {shown};\n", encoding="utf-8")
    migrate(database_url, "sample", tmp_path, with_outbox=False)
    with psycopg.connect(database_url) as connection:
        assert ("30s", "1min") == connection.execute("select locked, idle from sample.shown").fetchone()


def test_migrations_apply_once(database_url: str, tmp_path: Path):
    """The second call finds nothing to do; a killed one leaves no lock."""
    (tmp_path / "0001_thing.sql").write_text("create table thing (id integer);\n", encoding="utf-8")
    assert 3 == migrate(database_url, "sample", tmp_path, with_outbox=True)
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute("insert into sample.yoyo_lock (locked, ctime, pid) values (1, now(), 1)")
    assert 0 == migrate(database_url, "sample", tmp_path, with_outbox=True)
