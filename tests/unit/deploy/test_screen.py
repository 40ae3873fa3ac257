"""What the demo shows is French: money, dates, states."""

from dataclasses import replace

import pytest

from deploy.local.demo import Summary
from deploy.local.screen import adds_up, euros


@pytest.mark.parametrize(
    ("cents", "shown"), [(0, "0,00"), (5, "0,05"), (123456, "1\u202f234,56"), (-250, "−2,50"), (100000000, "1\u202f000\u202f000,00")]
)
def test_euros(cents: int, shown: str):
    """Decimal comma, narrow no-break space between thousands, a true minus."""
    assert shown == euros(cents)


GOOD = Summary(3, 2, 0, 0, 1, 0, 0, 2, 9, 9, 3, 1, 1.0, 2.0, {})


def test_a_good_summary_adds_up():
    """collected = the sum of the outcomes, debit = credit, one mail."""
    assert adds_up(GOOD)


@pytest.mark.parametrize("changes", [{"collected": 4}, {"debit_cents": 10}, {"held": 0}, {"mails": 2}])
def test_a_summary_with_a_gap_does_not(changes: dict[str, int]):
    """A lost document, an unbalanced book, a missing outcome."""
    assert not adds_up(replace(GOOD, **changes))
