"""What time it is: the world's, or a faster one that a local deployment shares with its simulator."""

import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """A source of time. Everything that waits or dates asks one, so that a test can hold it."""

    def now(self) -> datetime:
        """The moment, aware, in UTC."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait that many of this clock's seconds."""


@dataclass(frozen=True, slots=True)
class ScaledClock:
    """Time that was `origin` at the Unix second `epoch` and has run `speed` times faster since."""

    origin: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    epoch: float = 0.0
    speed: float = 1.0

    def now(self) -> datetime:
        return self.origin + timedelta(seconds=(time.time() - self.epoch) * self.speed)

    def sleep(self, seconds: float) -> None:
        time.sleep(max(seconds, 0) / self.speed)


class SystemClock(ScaledClock):
    """The machine's own time."""


def clock_from(text: str | None) -> Clock:
    """The clock written as `ORIGIN@EPOCH*SPEED` (`2026-03-02T08:00:00Z@1764000000*120`); none = the machine's. Raises ValueError."""
    if not text:
        return SystemClock()
    origin, _, rest = text.partition("@")
    epoch, _, speed = rest.partition("*")
    return ScaledClock(datetime.fromisoformat(origin), float(epoch), float(speed))


def instant(moment: datetime) -> str:
    """The moment as contracts write it: UTC, microseconds, `Z`."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
