"""Simulated documents of every layout through the shipped reader: all the page says is read right, and nothing else is said."""

import pytest

from deploy.local.amazon.papers import Layout
from tests.support.generated import invented, misread, reading_of
from tests.support.papers import papers

FEW, MANY = 20, 50
SEEDS = range(101, 106)


@pytest.mark.parametrize("layout", Layout)
def test_a_few_of_every_layout(layout: Layout):
    """Twenty of each, of one seed: the whole of it, scans and locked ones among them."""
    check(1, FEW, layout)


@pytest.mark.long
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("layout", Layout)
def test_two_thousand(layout: Layout, seed: int):
    """Eight layouts, five seeds, fifty documents each."""
    check(seed, MANY, layout)


def check(seed: int, count: int, layout: Layout) -> None:
    """Every document says what is true of it, and no value that its pages do not show."""
    readings = [reading_of(paper) for paper in papers(seed, count, [layout])]
    assert {} == {str(reading): wrong for reading in readings if (wrong := misread(reading))}
    assert {} == {str(reading): made_up for reading in readings if (made_up := invented(reading))}
