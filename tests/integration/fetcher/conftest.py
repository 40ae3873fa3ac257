"""A fetcher connected to nothing yet, and the simulator it will find."""

from collections.abc import Generator
from pathlib import Path

import pytest

from services.fetcher.adapters.announcing import SERVICE
from services.fetcher.main import MIGRATIONS
from services.kernel.migrate import migrate
from tests.integration.fetcher.place import Place, shared_clock, simulator


@pytest.fixture
def place(database_url: str, tmp_path: Path) -> Generator[Place]:
    """An empty fetcher, and an account of sixteen documents at Amazon."""
    migrate(database_url, SERVICE, MIGRATIONS, with_outbox=True)
    clock = shared_clock()
    amazon = simulator(tmp_path, clock)
    place = Place(database_url, tmp_path, amazon, clock)
    yield place
    place.close()
    amazon.stop()
