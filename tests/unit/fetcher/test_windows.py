"""Which days a run reads, by its kind; which transactions lie outside them."""

from datetime import UTC, date, datetime, timedelta

import pytest

from services.fetcher.domain.amazon.collecting import Transaction
from services.fetcher.domain.windows import dated_on, outside, scan_end, shown_since, window

TODAY = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("kind", "scanned_until", "expected"),
    [
        pytest.param("initial", None, date(2026, 9, 17), id="45 days before the import starts"),
        pytest.param("sync_now", TODAY, date(2026, 9, 17), id="the same"),
        pytest.param("daily", TODAY, date(2026, 10, 9), id="the last 45 days"),
        pytest.param("daily", date(2026, 11, 22), date(2026, 10, 9), id="scanned yesterday: the same"),
        pytest.param("daily", None, date(2026, 10, 9), id="no scan yet"),
        pytest.param("daily", date(2026, 8, 15), date(2026, 7, 2), id="100 days without a whole scan: 45 days before the next"),
        pytest.param("weekly", TODAY, date(2026, 9, 17), id="no further than the first run went"),
    ],
)
def test_the_window_of_a_run(kind: str, scanned_until: date | None, expected: date) -> None:
    """The import starts on 1 November; every window ends today."""
    assert (expected, TODAY) == window(kind, date(2026, 11, 1), TODAY, scanned_until)


def test_a_weekly_run_looks_thirteen_months_back() -> None:
    """Of a connection that imports since 2024: 396 days."""
    assert (date(2025, 10, 23), TODAY) == window("weekly", date(2024, 1, 1), TODAY, TODAY)


def test_an_import_that_starts_in_the_future_is_scanned_from_today() -> None:
    """45 days before today."""
    assert (date(2026, 10, 9), TODAY) == window("initial", date(2027, 1, 1), TODAY, None)


def test_a_scan_ends_ten_minutes_before_it_began() -> None:
    """A payment of this moment belongs to the next one."""
    assert datetime(2026, 11, 23, 7, 50, tzinfo=UTC) == scan_end(datetime(2026, 11, 23, 8, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("feed_date", "expected"),
    [
        ("2026-10-09T00:00:00Z", False),
        ("2026-10-08T23:59:59Z", True),
        ("2026-11-23T07:50:00Z", False),
        ("2026-11-23T07:50:01Z", True),
        ("yesterday", False),
        (None, False),
    ],
)
def test_a_feed_date_outside_the_window_is_noticed(feed_date: str | None, expected: bool) -> None:
    """Both bounds belong to the window; what has no date tells nothing."""
    transaction = Transaction(feed_date=feed_date)
    assert expected == outside(transaction, date(2026, 10, 9), datetime(2026, 11, 23, 7, 50, tzinfo=UTC))


def test_what_a_window_must_show_lies_well_inside_it() -> None:
    """The earlier of its days counts, 45 days behind the window's beginning; with one day unknown nothing is expected."""
    both = Transaction(feed_date="2026-11-03T10:00:00Z", transaction_date="2026-11-01T10:00:00Z")
    assert date(2026, 11, 1) == dated_on(both)
    assert dated_on(Transaction(feed_date="2026-11-03T10:00:00Z")) is None
    assert date(2025, 10, 23) + timedelta(days=45) == shown_since(date(2025, 10, 23))
