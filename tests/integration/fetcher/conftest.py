"""A fetcher connected to nothing yet, and the simulator it will find."""

from collections.abc import Generator
from pathlib import Path

import pytest

from services.fetcher.adapters.announcing import SERVICE
from services.fetcher.main import MIGRATIONS
from services.kernel.migrate import migrate
from tests.integration.fetcher.place import Place, new_place


@pytest.fixture
def place(database_url: str, tmp_path: Path) -> Generator[Place]:
    """An empty fetcher, and an account of sixteen documents at Amazon."""
    migrate(database_url, SERVICE, MIGRATIONS, with_outbox=True)
    place = new_place(database_url, tmp_path)
    place.open_doors()
    yield place
    place.close()
    place.simulator.stop()
