"""Journeys in a database of their own."""

from collections.abc import Callable, Generator
from pathlib import Path

import pytest

from deploy.local.amazon.settings import Settings
from tests.adapters.fetcher_bench import fetcher_database
from tests.e2e.amazon.journey import Journey

type Begin = Callable[[Settings], Journey]


@pytest.fixture
def begin(request: pytest.FixtureRequest, tmp_path: Path) -> Generator[Begin]:
    """Begins a journey with a simulator of these settings."""
    with fetcher_database(request) as url:
        journeys = list[Journey]()

        def beginning(settings: Settings) -> Journey:
            journeys.append(Journey(url, tmp_path, settings))
            return journeys[-1]

        yield beginning
        for journey in journeys:
            journey.close()
