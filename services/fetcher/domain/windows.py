"""Which days of transactions a run reads, by its kind (§12.3), and which transactions lie outside them or are no longer shown."""

from datetime import UTC, date, datetime, time, timedelta

from services.fetcher.domain.amazon.collecting import Transaction
from services.fetcher.domain.stating import day_of, instant_of

REACH = timedelta(days=45)
"""Transactions are dated otherwise than invoices, and Amazon's date filter has two readings: look that far before."""

LONG_REACH = timedelta(days=396)
"""Thirteen months, once a week."""

SETTLING = timedelta(minutes=10)
"""A scan ends that long before it began: a payment of this moment may show on a page that was read already."""

ONE_DAY = timedelta(days=1)
WEEKLY = "weekly"
DAILY = "daily"


def window(kind: str, import_start: date, today: date, scanned_until: date | None) -> tuple[date, date]:
    """The days whose transactions a run scans. `scanned_until` = the watermark: the end of the last scan that was read whole.

    A daily run looks 45 days back, from the day after the watermark if that is longer ago, so that no outage leaves a gap; a weekly one
    13 months, a first one to the import's start, and none but a daily one beyond 45 days before that start.
    """
    earliest = min(import_start, today) - REACH
    if kind == DAILY:
        return min(today, scanned_until + ONE_DAY if scanned_until else today) - REACH, today
    return (max(earliest, today - LONG_REACH) if kind == WEEKLY else earliest), today


def scan_end(started_at: datetime) -> datetime:
    """Until when a run's scan asks for transactions."""
    return started_at - SETTLING


def outside(transaction: Transaction, since: date, until: datetime) -> bool:
    """Whether Amazon shows it although its feed date lies outside what was asked for: then the filter reads another date."""
    fed_at = instant_of(transaction.feed_date)
    return fed_at is not None and not datetime.combine(since, time(), UTC) <= fed_at <= until


def dated_on(transaction: Transaction) -> date | None:
    """The earlier of its two days: as long as this lies well inside a window, the transaction is shown under either reading."""
    days = [day_of(transaction.feed_date), day_of(transaction.transaction_date)]
    return min((day for day in days if day), default=None) if all(days) else None


def shown_since(window_from: date) -> date:
    """From when on a scan of this window must show what it showed before, whichever date the filter reads."""
    return window_from + REACH
