"""A fetcher connected to nothing yet, and the simulator it will find."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.adapters.fetcher_bench import fetcher_database
from tests.integration.fetcher.amazon_beside import AmazonBeside
from tests.integration.fetcher.place import Place, new_place


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Place]:
    """An empty fetcher, and an account of sixteen documents at Amazon."""
    with fetcher_database(request) as url:
        place = new_place(url, tmp_path, simulated=AmazonBeside)
        place.open_doors()
        yield place
        place.close()
        place.simulator.stop()
