"""When documents and numbers are asked for again: the retry ladder (§12.4), counted from the day goods or money last moved."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.fetcher.domain.records import Kind, ReportState
from services.fetcher.domain.waiting import OVERDUE_AFTER, Waiting

RUNGS = tuple(timedelta(days=days) for days in (1, 2, 3, 5, 8, 13, 21, 30, 60, 90))
"""After the shipment: a number that is missing, a report that Amazon cancelled."""

FAILED_PAUSES = (timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
"""After each FATAL report; then a person must look."""

LOST_PAUSES = (timedelta(), *FAILED_PAUSES)
"""A report that Amazon forgot, or that took more than a day, is made anew at once; when it happens again, as after FATAL."""

EACH_DAY = timedelta(hours=20)
"""From one day's run to the next: not a whole day, for that one may begin earlier in its day than this one asked."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The documents of an order (`number` ''), or of a number by itself (`order_id` ''), and how far their ladder is.

    `kind` = what a number is. `next_attempt_at` None = nothing to ask for, until something happens to the order. `trouble` = what the
    last attempt met.
    """

    order_id: str
    number: str
    moved_at: datetime
    failures: int
    trouble: Waiting | None
    next_attempt_at: datetime | None
    kind: Kind = Kind.INVOICE


def first_attempt(moved_at: datetime | None, now: datetime) -> datetime:
    """When an order's documents are first asked for without a number: a day after its shipment, now when nobody says when that was."""
    return max(now, moved_at + RUNGS[0]) if moved_at else now


def next_rung(moved_at: datetime, now: datetime) -> datetime | None:
    """The ladder's next rung after now; None after the last."""
    return next((moved_at + rung for rung in RUNGS if moved_at + rung > now), None)


def ask_again_at(moved_at: datetime, pending: bool, now: datetime) -> datetime | None:
    """When a line's number is asked again: on the ladder, each day while a consolidated number is pending and not overdue."""
    if pending and now + EACH_DAY < moved_at + OVERDUE_AFTER:
        return now + EACH_DAY
    return next_rung(moved_at, now)


def after_end(wanted: Wanted, state: ReportState, trouble: Waiting | None, now: datetime) -> Wanted:
    """What is wanted once a report for it has ended; `trouble` names what its payload was when that could not be used."""
    if state in (ReportState.FETCHED, ReportState.NOTHING):
        return replace(wanted, failures=0, trouble=trouble, next_attempt_at=next_rung(wanted.moved_at, now))
    pauses = LOST_PAUSES if state is ReportState.LOST else FAILED_PAUSES
    failures = wanted.failures + 1
    if failures > len(pauses):
        return replace(wanted, failures=failures, trouble=trouble or Waiting.DOCUMENT_GIVEN_UP, next_attempt_at=None)
    return replace(wanted, failures=failures, trouble=trouble or Waiting.DOCUMENT_FAILED, next_attempt_at=now + pauses[failures - 1])


def after_vain_request(wanted: Wanted, trouble: Waiting, now: datetime) -> Wanted:
    """What is wanted once Amazon would not be asked for it: its next turn comes with the ladder."""
    return replace(wanted, trouble=trouble, next_attempt_at=next_rung(wanted.moved_at, now))


def settled(wanted: Wanted) -> Wanted:
    """Nothing of it is missing."""
    return replace(wanted, failures=0, trouble=None, next_attempt_at=None)
