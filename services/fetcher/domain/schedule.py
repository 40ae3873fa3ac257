"""When a connection's runs are due, and in which lane: all of it follows from the company, the day and the kind of run."""

from datetime import UTC, date, datetime, time, timedelta
from enum import IntEnum

from services.fetcher.domain.identity import digest

WINDOW = timedelta(hours=20)
"""Slots lie in the first twenty hours of a UTC day; four are left for what takes long."""

JITTER = timedelta(minutes=10)
"""At most so much before or after the company's own time of day, another each day."""

MISSED_AFTER = timedelta(minutes=15)
"""What is started later than that was missed: the fetcher was away."""

SHORTEST_REST = timedelta(hours=4)
"""What was missed is spread over the rest of the day's window, over no less than this."""

DAILY, WEEKLY, HISTORY = "daily", "weekly", "history"
REGULAR = (DAILY, WEEKLY)


class Lane(IntEnum):
    """Whose turn comes first. The number is the priority of the lane's jobs."""

    DAILY = 30
    ON_DEMAND = 20
    WEEKLY = 10
    HISTORY = 0


LANES = {"sync_now": Lane.ON_DEMAND, WEEKLY: Lane.WEEKLY, HISTORY: Lane.HISTORY}


def lane_of(kind: str) -> Lane:
    """The lane of a run. A first import is in that of the daily runs: those of its connection come after it."""
    return LANES.get(kind, Lane.DAILY)


def lock_of(company_id: str, place: int) -> str:
    """What a run holds while it works: one of two locks of its company, by the connection's place among the company's.

    So no connection runs twice at once, and no company has more than two runs at once.
    """
    return f"{company_id}/{place % 2}"


def slot(kind: str, company_id: str, day: date) -> datetime:
    """When the daily run of this day, or the weekly run of this day's week, is due."""
    if kind == WEEKLY:
        day = _monday(day) + timedelta(days=int(7 * _share(company_id, kind, "weekday")))
    jitter = JITTER * (2 * _share(company_id, kind, day.isoformat()) - 1)
    return _midnight(day) + JITTER + WINDOW * _share(company_id, kind) + jitter


def next_slot(kind: str, company_id: str, after: datetime) -> datetime:
    """The first slot later than `after`."""
    following = timedelta(days=7 if kind == WEEKLY else 1)
    this = slot(kind, company_id, after.date())
    return this if this > after else slot(kind, company_id, after.date() + following)


def missed(due: datetime, now: datetime) -> bool:
    """Whether nobody was there when it was due."""
    return now - due > MISSED_AFTER


def caught_up(kind: str, company_id: str, now: datetime) -> datetime:
    """When to make up for what was missed, once however much that was: at a slot in the rest of the window, else at a moment in it."""
    rest = max(_midnight(now.date()) + WINDOW + 2 * JITTER - now, SHORTEST_REST)
    following = next_slot(kind, company_id, now)
    return following if following <= now + rest else now + rest * _share(company_id, kind, now.date().isoformat(), "missed")


def _share(*parts: str) -> float:
    """A number from 0 up to 1 that follows from the parts."""
    return int(digest("slot", *parts)[:12], 16) / 16**12


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def _monday(day: date) -> date:
    return day - timedelta(days=day.weekday())
