"""A simulation is silent, and retries without waiting."""

from collections.abc import Generator

import pytest

from tests.simulation.playing import quiet


@pytest.fixture(autouse=True)
def _quiet() -> Generator[None]:
    with quiet():
        yield
