"""The seeds bite: every planted mistake is found within 200 of them."""

from collections.abc import Callable

import pytest

from tests.simulation.mistakes import MISTAKES, Planted
from tests.simulation.playing import first_finding

WITHIN = 200


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.__name__)
def test_a_planted_mistake_is_found(mistake: Callable[[], Planted]):
    """Some seed breaks a promise; without the mistake none of them does (test_seeds)."""
    with mistake():
        found = first_finding(range(1, WITHIN + 1))
    assert found is not None
    print(f"{mistake.__name__}: {found}")


def test_there_are_at_least_twelve():
    """As many as the proof asks for."""
    assert 12 <= len({mistake.__name__ for mistake in MISTAKES})
