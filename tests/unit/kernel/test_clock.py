"""The world's time and a faster one."""

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from services.kernel.clock import ScaledClock, SystemClock, clock_from, instant

ORIGIN = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long the machine was asked to sleep; it does not."""
    naps: list[float] = []
    monkeypatch.setattr(time, "sleep", naps.append)
    return naps


def test_the_system_clock_is_the_machine_s_own():
    """Aware, in UTC, between two readings of the machine's clock."""
    before = time.time()
    now = SystemClock().now()
    assert timedelta(0) == now.utcoffset()
    assert before <= now.timestamp() <= time.time()


def test_the_system_clock_sleeps_as_told(slept: list[float]):
    """Second for second."""
    SystemClock().sleep(2.5)
    assert [2.5] == slept


@pytest.mark.parametrize(
    ("unix_time", "expected"),
    [
        (1_764_000_000.0, datetime(2026, 3, 2, 8, 0, tzinfo=UTC)),
        (1_764_000_010.0, datetime(2026, 3, 2, 8, 20, tzinfo=UTC)),
        (1_763_999_990.0, datetime(2026, 3, 2, 7, 40, tzinfo=UTC)),
    ],
)
def test_scaled_time_runs_faster(monkeypatch: pytest.MonkeyPatch, unix_time: float, expected: datetime):
    """120 times: ten seconds are twenty minutes, on either side of the epoch."""
    monkeypatch.setattr(time, "time", lambda: unix_time)
    assert expected == ScaledClock(ORIGIN, 1_764_000_000.0, 120.0).now()


def test_scaled_sleep_is_shorter(slept: list[float]):
    """Ten scaled minutes are five seconds; a time that is past is no sleep."""
    clock = ScaledClock(ORIGIN, 1_764_000_000.0, 120.0)
    clock.sleep(600)
    clock.sleep(-1)
    assert [5.0, 0.0] == slept


def test_a_clock_is_written_as_text():
    """Origin, epoch, speed; nothing = the machine's."""
    assert ScaledClock(ORIGIN, 1_764_000_000.0, 120.0) == clock_from("2026-03-02T08:00:00Z@1764000000*120")
    assert isinstance(clock_from(None), SystemClock)
    assert isinstance(clock_from(""), SystemClock)


@pytest.mark.parametrize(
    "text", ["now", "2026-03-02T08:00:00Z", "2026-03-02T08:00:00Z@1764000000", "@1764000000*120", "2026-03-02T08:00:00Z@x*y"]
)
def test_another_text_is_refused(text: str):
    """At the start, not at the first reading."""
    with pytest.raises(ValueError):
        clock_from(text)


@pytest.mark.parametrize(
    ("moment", "expected"),
    [
        (datetime(2026, 3, 2, 8, 0, tzinfo=UTC), "2026-03-02T08:00:00.000000Z"),
        (datetime(2026, 3, 2, 0, 30, 0, 1, tzinfo=timezone(timedelta(hours=2))), "2026-03-01T22:30:00.000001Z"),
    ],
)
def test_an_instant_is_written_in_utc(moment: datetime, expected: str):
    """Always microseconds and `Z`, so that texts sort as moments do."""
    assert expected == instant(moment)
