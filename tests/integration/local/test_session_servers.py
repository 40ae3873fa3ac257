"""The servers of a test session: chosen by the environment, and plain about what is missing."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from tests.support.local import NoDocker, NotConfigured, SessionDatabase, kafka_settings, session_kafka, session_postgres


def test_an_external_broker_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Goal: anything can be pointed elsewhere. Case: BROKER=external with its address."""
    monkeypatch.setenv("BROKER", "external")
    monkeypatch.setenv("BROKER_BOOTSTRAP", "kafka.example:9092")
    with session_kafka() as broker:
        assert "kafka.example:9092" == broker.bootstrap
        assert "Kafka, external, kafka.example:9092" == broker.description


def test_an_external_database_keeps_its_password_out_of_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Goal: no secret in a test report. Case: DATABASE=external with a password in the address."""
    monkeypatch.setenv("DATABASE", "external")
    monkeypatch.setenv("DATABASE_ADMIN_URL", "postgresql://admin:secret@db.example/postgres")
    with session_postgres() as database:
        assert "PostgreSQL, external, db.example" == database.description
        assert "postgresql://ledger:secret@db.example:5432/achats" == database.dsn("achats", "ledger")


def test_an_external_server_without_address_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Goal: a sentence instead of a refused connection. Case: BROKER=external alone."""
    monkeypatch.setenv("BROKER", "external")
    monkeypatch.delenv("BROKER_BOOTSTRAP", raising=False)
    with pytest.raises(NotConfigured, match="BROKER_BOOTSTRAP must say where"), session_kafka():
        pass


@pytest.mark.parametrize(("variable", "session"), [("BROKER", session_kafka), ("DATABASE", session_postgres)])
def test_containers_without_docker_fail_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, variable: str, session: Callable[[], AbstractContextManager[object]]
) -> None:
    """Goal: the reader knows what to do. Case: either asks for containers, and Docker's address leads nowhere."""
    monkeypatch.setenv(variable, "testcontainers")
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    with pytest.raises(NoDocker, match="no Docker answers"), session():
        pass


def test_the_container_of_kafka_sends_clients_to_its_port_on_this_machine() -> None:
    """Goal: a client finds it where it was told. Case: the port that is bound, in the settings of the image."""
    assert "CLIENT://127.0.0.1:20001" == kafka_settings(20_001)["KAFKA_ADVERTISED_LISTENERS"]


def test_the_local_database_opens_another_database_for_another_user() -> None:
    """Goal: one server, a role per service. Case: the address of the ledger's role beside the administrator's."""
    database = SessionDatabase("postgresql://postgres@127.0.0.1:20001/postgres", "PostgreSQL 18, local")
    assert "postgresql://ledger_app@127.0.0.1:20001/achats" == database.dsn("achats", "ledger_app")
