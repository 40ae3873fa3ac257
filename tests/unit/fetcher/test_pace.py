"""The allowance of Amazon and the poll ladder, on a clock that the test moves."""

from datetime import timedelta

import pytest

from services.fetcher.domain.amazon.collecting import Report as Answer
from services.fetcher.domain.pace import Allowance, Bucket, poll_again_after
from services.fetcher.domain.records import Report, ReportState
from services.fetcher.domain.reports import after_poll
from tests.unit.fetcher.known import NOW, ORDER


def seconds(after: float) -> timedelta:
    """That much later."""
    return timedelta(seconds=after)


def test_a_bucket_gives_eighty_percent_of_burst_and_rate() -> None:
    """createReport, 0.1/s and burst 15: twelve at once, then one every 12.5 seconds."""
    bucket = Bucket(Allowance(0.1, 15), NOW)
    for left in range(12, 0, -1):
        assert (left, 0) == (bucket.allowed(NOW), bucket.wait_seconds(NOW))
        bucket.take(NOW)
    assert 12.5 == pytest.approx(bucket.wait_seconds(NOW))
    assert 0 == pytest.approx(bucket.wait_seconds(NOW + seconds(12.5)), abs=1e-9)
    assert 1 == bucket.allowed(NOW + seconds(13))


def test_several_wait_for_as_many_tokens() -> None:
    """Five after twelve: 5 × 12.5 seconds; a bucket that holds one waits for one."""
    bucket, small = Bucket(Allowance(0.1, 15), NOW), Bucket(Allowance(0.1, 1), NOW)
    for _ in range(12):
        bucket.take(NOW)
    small.take(NOW)
    assert (62.5, 12.5) == pytest.approx((bucket.wait_seconds(NOW, 5), small.wait_seconds(NOW, 5)))


def test_a_bucket_never_holds_more_than_its_burst() -> None:
    """After a quiet day there are twelve requests at once, not hundreds."""
    bucket, tomorrow = Bucket(Allowance(0.1, 15), NOW), NOW + timedelta(days=1)
    for _ in range(12):
        bucket.take(tomorrow)
    assert bucket.wait_seconds(tomorrow) > 12


def test_the_stated_rate_is_followed() -> None:
    """Amazon says 0.5/s: the next request is 1/(0.5 × 0.8) = 2.5 s away instead of 12.5 s."""
    bucket = Bucket(Allowance(0.1, 1), NOW)
    bucket.take(NOW)
    bucket.adjust(0.5)
    assert 2.5 == pytest.approx(bucket.wait_seconds(NOW))


def test_a_refusal_for_speed_empties_the_bucket() -> None:
    """After a 429 a whole new token must grow, whatever we thought was left, at half the rate."""
    bucket = Bucket(Allowance(2.0, 10), NOW)
    bucket.refused(NOW)
    assert 1 / 0.8 == pytest.approx(bucket.wait_seconds(NOW))


def test_a_refusal_for_speed_halves_the_rate_for_ten_minutes() -> None:
    """0.1/s: 25 seconds for a token until ten minutes are over, then 12.5 again; a second refusal begins them anew, it does not quarter."""
    bucket, later = Bucket(Allowance(0.1, 1), NOW), NOW + timedelta(minutes=5)
    bucket.refused(NOW)
    bucket.refused(later)
    assert 25 == pytest.approx(bucket.wait_seconds(later))
    bucket.refused(NOW + timedelta(minutes=5))
    after = NOW + timedelta(minutes=15)
    bucket.take(after)
    assert 12.5 == pytest.approx(bucket.wait_seconds(after))


def test_the_slow_ten_minutes_fill_half() -> None:
    """0.1/s: ten slow minutes bring 24 tokens instead of 48, and nothing is lost at their end."""
    bucket = Bucket(Allowance(0.1, 100), NOW)
    bucket.refused(NOW)
    for _ in range(24):
        bucket.take(NOW)
    assert 12.5 == pytest.approx(bucket.wait_seconds(NOW + seconds(600)))
    assert 0 == pytest.approx(bucket.wait_seconds(NOW + seconds(612.5)), abs=1e-9)


def test_the_poll_ladder() -> None:
    """15, 30, 60, 120, 300 seconds, then every 300."""
    assert [15, 30, 60, 120, 300, 300, 300] == [poll_again_after(polls).total_seconds() for polls in range(7)]


def report(polls: int = 0) -> Report:
    """A report asked for just now."""
    return Report("R1", ORDER, "", ReportState.ASKED, polls, NOW, NOW + seconds(15), None)


@pytest.mark.parametrize(
    ("status", "document", "expected"),
    [
        ("IN_QUEUE", None, ReportState.ASKED),
        ("IN_PROGRESS", None, ReportState.ASKED),
        ("DONE", "D1", ReportState.READY),
        ("DONE", None, ReportState.NOTHING),
        ("CANCELLED", None, ReportState.NOTHING),
        ("FATAL", "D9", ReportState.FAILED),
    ],
)
def test_what_a_poll_makes_of_a_report(status: str, document: str | None, expected: ReportState) -> None:
    """The life cycle of the Document API, status by status."""
    answer = Answer(report_id="R1", processing_status=status, report_document_id=document)
    assert expected == after_poll(report(), answer, NOW + seconds(15)).state


def test_an_open_report_climbs_the_ladder() -> None:
    """Asked once: the next question comes 30 seconds later."""
    later = after_poll(report(), Answer(report_id="R1", processing_status="IN_QUEUE"), NOW + seconds(20))
    assert (1, NOW + seconds(50)) == (later.polls, later.next_poll_at)


def test_a_report_is_given_up_after_a_day_or_when_amazon_forgot_it() -> None:
    """24 hours in the queue, or a 404: lost, so that another run asks again."""
    waiting = Answer(report_id="R1", processing_status="IN_QUEUE")
    assert ReportState.LOST == after_poll(report(), waiting, NOW + timedelta(hours=24, seconds=1)).state
    assert ReportState.LOST == after_poll(report(), None, NOW).state
