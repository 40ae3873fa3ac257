"""The virtual clock: every lifetime of the simulator is counted on it, and the fetcher may be given the same one."""

import asyncio
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta


@dataclass(slots=True)
class VirtualClock:
    """`now = origin + (real now - epoch) * speed`; `epoch` is real time in unix seconds."""

    origin: datetime
    epoch: float
    speed: float
    _advanced: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        """The present virtual instant, in UTC."""
        return self.origin + timedelta(seconds=(time.time() - self.epoch) * self.speed) + self._advanced

    def advance(self, seconds: float) -> datetime:
        """Move forward by virtual seconds, in this process only, and say the new present."""
        self._advanced += timedelta(seconds=seconds)
        return self.now()

    def set(self, instant: datetime) -> datetime:
        """Make it that instant, in this process only, and say the new present."""
        return self.advance((instant - self.now()).total_seconds())

    def sleep(self, seconds: float) -> None:
        """Wait virtual seconds; a clock that stands still is moved instead. So a client in the same process can share this object."""
        if self.speed:
            time.sleep(max(seconds, 0) / self.speed)
        else:
            self.advance(_moving(seconds))

    async def wait(self, seconds: float) -> None:
        """As `sleep`, without stopping other calls."""
        if self.speed:
            await asyncio.sleep(max(seconds, 0) / self.speed)
        else:
            self.advance(_moving(seconds))


def _moving(seconds: float) -> float:
    """Never less than the microsecond that an instant can tell: whoever waits for a fraction of it would wait for ever."""
    return max(seconds, 1e-6) if seconds > 0 else 0.0


def parse_clock(text: str) -> VirtualClock:
    """Read `ORIGIN@EPOCH*SPEED`, for instance `2026-03-02T08:00:00Z@1772438400*600`. Raises ValueError."""
    origin, _, rest = text.partition("@")
    epoch, _, speed = rest.partition("*")
    instant = datetime.fromisoformat(origin)
    if instant.tzinfo is None:
        raise ValueError(f"The origin {origin!r} has no time zone.")
    return VirtualClock(instant.astimezone(UTC), float(epoch), float(speed))


def real_clock() -> VirtualClock:
    """Real time, starting now."""
    epoch = time.time()
    return VirtualClock(datetime.fromtimestamp(epoch, UTC), epoch, 1.0)


def iso(instant: datetime) -> str:
    """An instant as Amazon writes it: UTC, milliseconds, trailing Z."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
