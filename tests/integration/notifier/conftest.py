"""The notifier on a real PostgreSQL and a real mail server, with a clock that the test moves."""

from collections.abc import Generator

import pytest

from services.kernel.migrate import migrate
from services.kernel.postgres import PostgresStore
from services.notifier.handler import SERVICE
from services.notifier.main import MIGRATIONS
from tests.integration.notifier.mail_server import MailServer
from tests.integration.notifier.office import Office


@pytest.fixture
def store(database_url: str) -> Generator[PostgresStore]:
    """The notifier's schema, empty."""
    migrate(database_url, SERVICE, MIGRATIONS, with_outbox=True)
    store = PostgresStore(database_url, SERVICE)
    yield store
    store.close()


@pytest.fixture
def mail() -> Generator[MailServer]:
    """A mail server that accepts everything until it is told otherwise."""
    with MailServer() as server:
        yield server


@pytest.fixture
def office(store: PostgresStore, mail: MailServer) -> Office:
    """The notifier without its loops: records go in, turns are made by hand."""
    return Office(store, mail.port)
