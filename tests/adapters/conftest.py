"""Schemas and desks, of memory and of PostgreSQL."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.adapters.desks import Office, memory_office, postgres_office
from tests.adapters.schemas import MemorySchema, Schema, postgres_schema
from tests.simulation.memory.store import MemoryStore


@pytest.fixture(params=["memory", "real"])
def schema(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Schema]:
    """A schema with nothing but inbox and outbox."""
    if request.param == "memory":
        yield MemorySchema(MemoryStore())
        return
    with postgres_schema(request.getfixturevalue("database_url"), "sample", tmp_path) as schema:
        yield schema


@pytest.fixture(params=["memory", "real"])
def office(request: pytest.FixtureRequest) -> Generator[Office]:
    """A notifier's storage, empty."""
    if request.param == "memory":
        yield memory_office()
        return
    with postgres_office(request.getfixturevalue("database_url")) as office:
        yield office
