"""Schemas, desks and books, of memory and of PostgreSQL; the real ones are made once for a module, and emptied for each test."""

from collections.abc import Generator
from pathlib import Path

import pytest

from services.classifier.adapters.decisions import PostgresDecisions
from services.classifier.handler import SERVICE as CLASSIFIER
from services.classifier.main import MIGRATIONS as CLASSIFIERS
from services.notifier.handler import SERVICE
from services.notifier.main import MIGRATIONS
from tests.adapters.bookshelf import Bookshelf, PostgresBookshelf, bookshelf, migrated
from tests.adapters.desks import Office, PostgresOffice, memory_office
from tests.adapters.hands import Hands
from tests.adapters.schemas import MemorySchema, PostgresSchema, Schema, postgres_schema
from tests.adapters.teachings import School, school
from tests.simulation.memory.classifier import MemoryDecisions
from tests.simulation.memory.store import MemoryStore
from tests.support.local import SessionDatabase, new_database


@pytest.fixture(scope="module")
def sample(database: SessionDatabase, tmp_path_factory: pytest.TempPathFactory) -> Generator[PostgresSchema]:
    """A real schema with nothing but inbox and outbox."""
    nothing: Path = tmp_path_factory.mktemp("migrations")
    with new_database(database) as url, postgres_schema(url, "sample", nothing) as schema:
        yield schema


@pytest.fixture(scope="module")
def notifier(database: SessionDatabase) -> Generator[PostgresSchema]:
    """The notifier's real schema."""
    with new_database(database) as url, postgres_schema(url, SERVICE, MIGRATIONS) as schema:
        yield schema


@pytest.fixture(params=["memory", "real"])
def schema(request: pytest.FixtureRequest) -> Schema:
    """A schema with nothing but inbox and outbox, empty."""
    if request.param == "memory":
        return MemorySchema(MemoryStore())
    real: PostgresSchema = request.getfixturevalue("sample")
    real.empty()
    return real


@pytest.fixture(params=["memory", "real"])
def office(request: pytest.FixtureRequest) -> Office:
    """A notifier's storage, empty."""
    if request.param == "memory":
        return memory_office()
    real: PostgresSchema = request.getfixturevalue("notifier")
    real.empty()
    return PostgresOffice(real)


@pytest.fixture(scope="module")
def classifier(database: SessionDatabase) -> Generator[PostgresSchema]:
    """The classifier's real schema."""
    with new_database(database) as url, postgres_schema(url, CLASSIFIER, CLASSIFIERS) as schema:
        yield schema


@pytest.fixture(name="school", params=["memory", "real"])
def school_of(request: pytest.FixtureRequest) -> School:
    """A classifier's storage, empty."""
    if request.param == "memory":
        store = MemoryStore()
        return school(MemorySchema(store), MemoryDecisions(store))
    real: PostgresSchema = request.getfixturevalue("classifier")
    real.empty()
    return school(real, PostgresDecisions(real.store))


@pytest.fixture(scope="session")
def migrated_url(database: SessionDatabase) -> Generator[str]:
    """A database for the session's books, one after the other."""
    with migrated(database) as url:
        yield url


@pytest.fixture(params=["memory", "real"])
def book(request: pytest.FixtureRequest) -> Generator[Bookshelf]:
    """A fresh book of each kind."""
    with bookshelf(request.param, request.getfixturevalue("migrated_url") if request.param == "real" else "") as shelf:
        yield shelf


@pytest.fixture(name="hands")
def hands_on(migrated_url: str) -> Generator[Hands]:
    """A fresh real book, and people before it."""
    with bookshelf("real", migrated_url) as book:
        assert isinstance(book, PostgresBookshelf)
        hands = Hands(book)
        yield hands
        hands.close()
