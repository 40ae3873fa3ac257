"""When runs are due: spread over the day and the week, never on the hour, and spread again after an outage. No clock, no dice."""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta

import pytest

from services.fetcher.domain.schedule import REGULAR, Lane, caught_up, lane_of, lock_of, missed, next_slot, slot

DAY = date(2026, 11, 23)  # a Monday
MIDNIGHT = datetime(2026, 11, 23, tzinfo=UTC)
COMPANIES = [f"company-{number}" for number in range(100_000)]
SOME = COMPANIES[:20_000]
LATEST = timedelta(hours=20, minutes=20)


def per_minute(moments: Sequence[datetime], start: datetime, minutes: int) -> list[int]:
    """How many of the moments fall into each minute."""
    counts = Counter((moment - start) // timedelta(minutes=1) for moment in moments)
    return [counts[minute] for minute in range(minutes)]


def chi_square(counts: Sequence[int]) -> float:
    """How far from even, divided by the degrees of freedom: 1 is what chance does."""
    mean = sum(counts) / len(counts)
    return sum((count - mean) ** 2 / mean for count in counts) / (len(counts) - 1)


def test_a_hundred_thousand_companies_fill_the_window_evenly() -> None:
    """Daily slots of one day, minute by minute; at both ends the jitter makes a slope of twenty minutes."""
    slots = [slot("daily", company_id, DAY) for company_id in COMPANIES]
    assert MIDNIGHT <= min(slots) <= max(slots) <= MIDNIGHT + LATEST
    counts = per_minute(slots, MIDNIGHT, 1220)
    assert 100_000 == sum(counts)
    level = counts[20:1200]
    assert 0.85 < chi_square(level) < 1.15
    assert max(level) < 1.6 * 100_000 / 1200


def test_no_slot_is_drawn_to_the_hour() -> None:
    """Minute of the hour and second of the minute of all slots are as even as chance."""
    slots = [slot("daily", company_id, DAY) for company_id in COMPANIES]
    for part in ([moment.minute for moment in slots], [moment.second for moment in slots]):
        counts = Counter(part)
        assert 60 == len(counts)
        assert 0.5 < chi_square(list(counts.values())) < 1.6


def test_weekly_slots_are_spread_over_seven_days() -> None:
    """A seventh of the companies each day, the same one of every week, and at another time than their daily run."""
    slots = [slot("weekly", company_id, DAY) for company_id in COMPANIES]
    counts = Counter(moment.date() for moment in slots)
    assert [DAY + timedelta(days=days) for days in range(7)] == sorted(counts)
    assert 0.2 < chi_square(list(counts.values())) < 2.5
    assert slot("weekly", "acme", DAY) == slot("weekly", "acme", DAY + timedelta(days=6))
    near = sum(
        abs(slot("daily", company_id, at.date()) - at) < timedelta(minutes=10) for company_id, at in zip(COMPANIES, slots, strict=True)
    )
    assert near / 100_000 < 0.02


def test_a_company_keeps_its_time_of_the_day_but_for_the_jitter() -> None:
    """Fifty days: all within twenty minutes, no two the same, and the same again whenever asked."""
    times = [slot("daily", "acme", DAY + timedelta(days=days)) - MIDNIGHT - timedelta(days=days) for days in range(50)]
    assert max(times) - min(times) <= timedelta(minutes=20)
    assert 50 == len(set(times))
    assert slot("daily", "acme", DAY) == slot("daily", "acme", DAY)


@pytest.mark.parametrize("kind", REGULAR)
def test_the_next_slot_is_ahead_and_the_first_one_there_is(kind: str) -> None:
    """Asked every ten minutes of two weeks, and at the very moment of a slot."""
    slots = sorted({slot(kind, "acme", DAY + timedelta(days=days)) for days in range(-7, 29)})
    for tenth in range(14 * 24 * 6):
        now = MIDNIGHT + timedelta(minutes=10 * tenth)
        assert next(moment for moment in slots if moment > now) == next_slot(kind, "acme", now)
    assert slots[3] == next_slot(kind, "acme", slots[2])


def test_a_quarter_of_an_hour_late_is_not_missed() -> None:
    """Longer is: the fetcher was away."""
    assert not missed(MIDNIGHT, MIDNIGHT + timedelta(minutes=15))
    assert missed(MIDNIGHT, MIDNIGHT + timedelta(minutes=15, seconds=1))


@pytest.mark.parametrize(("hour", "rest_minutes"), [(1, 1160), (9, 680), (15, 320), (19, 240), (23, 240)])
def test_after_an_outage_the_missed_runs_are_spread(hour: int, rest_minutes: int) -> None:
    """
    the fetcher comes back at that hour, after a day: everybody's run is missed
    each company runs once in the rest of the window, or in four hours when that is less: at its slot if that is still to come
    no minute has more than three times what an even spread would give it, and none of the first ones more than the others
    """
    now = MIDNIGHT + timedelta(hours=hour)
    moments = [caught_up("daily", company_id, now) for company_id in SOME]
    assert now <= min(moments) <= max(moments) < now + timedelta(minutes=rest_minutes)
    counts = per_minute(moments, now, rest_minutes)
    even = 20_000 / rest_minutes
    assert max(counts) < 3 * even
    assert sum(counts[:10]) < 2 * 10 * even
    own = [next_slot("daily", company_id, now) for company_id in SOME]
    assert all(at == moment or at >= now + timedelta(minutes=rest_minutes) for at, moment in zip(own, moments, strict=True))


def test_lanes_in_their_order() -> None:
    """Daily runs and first imports, what a person asks for, weekly runs, migrations of history."""
    kinds = ["history", "weekly", "sync_now", "initial", "daily"]
    assert (
        [Lane.HISTORY, Lane.WEEKLY, Lane.ON_DEMAND, Lane.DAILY, Lane.DAILY]
        == sorted(map(lane_of, kinds))
        == [lane_of(kind) for kind in kinds]
    )


def test_a_company_has_two_locks() -> None:
    """Its connections take them in turn; another company has others."""
    assert ["acme/0", "acme/1", "acme/0"] == [lock_of("acme", place) for place in range(3)]
    assert lock_of("other", 0) not in {lock_of("acme", place) for place in range(3)}
