"""PostgreSQL from a wheel: answers, keeps what was committed, and runs as an ordinary user even for root."""

import os
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from deploy.local.folders import temporary_data_folder
from deploy.local.postgres import Postgres


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    """One running server with a data folder of its own."""
    with temporary_data_folder() as data, Postgres(data) as server:
        yield server


def _ask(server: Postgres, question: str) -> object:
    with psycopg.connect(server.dsn("postgres")) as connection:
        row = connection.execute(question.encode()).fetchone()
    return row and row[0]


def test_it_is_postgresql_18_with_our_settings(postgres: Postgres) -> None:
    """Goal: the version and settings the services count on. Case: a new server; letters of French know their capitals."""
    assert "18" == str(_ask(postgres, "show server_version")).split(".")[0]
    assert "0" == _ask(postgres, "show max_prepared_transactions")
    assert "on" == _ask(postgres, "show fsync")
    assert "ÉÀÇ" == _ask(postgres, "select upper('éàç')")


def test_a_committed_row_survives_kill_and_restart(postgres: Postgres) -> None:
    """Goal: durability and the same address. Case: SIGKILL with a session open, start again on the same folder."""
    address = postgres.dsn("postgres")
    with psycopg.connect(address, autocommit=True) as session:
        session.execute("create table kept (word text)")
        session.execute("insert into kept values ('durable')")
        postgres.kill()
        assert not postgres.alive
    postgres.start()
    assert address == postgres.dsn("postgres")
    assert "durable" == _ask(postgres, "select word from kept")


def test_another_object_on_the_same_folder_resumes() -> None:
    """Goal: the data folder is the deployment. Case: stop in order, then a new process's view of the same folder."""
    with temporary_data_folder() as data:
        with Postgres(data) as first:
            address = first.dsn("postgres")
            with psycopg.connect(address, autocommit=True) as session:
                session.execute("create database ledger")
        with Postgres(data) as second:
            assert address == second.dsn("postgres")
            assert 1 == _ask(second, "select count(*) from pg_database where datname = 'ledger'")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root starts servers as somebody else")
def test_started_by_root_it_belongs_to_an_ordinary_user(postgres: Postgres) -> None:
    """Goal: PostgreSQL refuses root, `make demo` does not. Case: the owner of the data folder, seen from outside."""
    cluster = Path(str(_ask(postgres, "show data_directory")))
    assert "nobody" == cluster.owner()
