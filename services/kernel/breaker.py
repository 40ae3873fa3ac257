"""When too much is refused, stop: a wrong deployment, here or at a producer, is likelier than so many bad records."""

from collections.abc import Sequence
from dataclasses import dataclass

from services.kernel.envelope import Delivery
from services.kernel.errors import KernelError, Skipped

IN_ROW_MAX = 20
WINDOW, WINDOW_REFUSED_MAX = 200, 50


@dataclass(frozen=True, slots=True)
class Trip:
    """Why a service stops, the record before which it stops, and what it had counted: refused in a row, refused of the last ones seen."""

    reason: str
    topic: str
    partition: int
    offset: int
    in_row: int
    refused: int
    seen: int


class Tripped(KernelError):
    """Too many records are refused; nothing is consumed until an operator resumes."""

    def __init__(self, trip: Trip) -> None:
        super().__init__(trip.reason)
        self.trip = trip


@dataclass(frozen=True, slots=True)
class Tally:
    """How many were refused in a row, how many were seen, and the last of these as bits: 1 = refused."""

    in_row: int = 0
    seen: int = 0
    window: int = 0

    def after(self, refused: bool) -> "Tally":
        """The tally one record later."""
        return Tally(self.in_row + 1 if refused else 0, self.seen + 1, (self.window << 1 | refused) % (1 << WINDOW))

    def too_many(self) -> str | None:
        """Which limit is reached, in words."""
        if self.in_row >= IN_ROW_MAX:
            return f"{self.in_row} records in a row were refused"
        if self.seen >= WINDOW and self.window.bit_count() > WINDOW_REFUSED_MAX:
            return f"{self.window.bit_count()} of the last {WINDOW} records were refused"
        return None


class Fuse:
    """Counts what one process refuses and lets through no refusal that reaches a limit. After a trip it counts anew."""

    def __init__(self) -> None:
        self._tally = Tally()

    def allowed(self, batch: Sequence[Delivery]) -> Sequence[Delivery]:
        """The leading deliveries that may be handled. Raises Tripped: the first may not, and stays unhandled."""
        tally = self._tally
        for place, delivery in enumerate(batch):
            tally = tally.after(_refused(delivery))
            if _refused(delivery) and (reason := tally.too_many()):
                if place:
                    return batch[:place]
                self._tally, record = Tally(), delivery.record
                refused, seen = tally.window.bit_count(), min(tally.seen, WINDOW)
                raise Tripped(Trip(reason, record.topic, record.partition, record.offset, tally.in_row, refused, seen))
        return batch

    def count(self, handled: Sequence[Delivery]) -> None:
        """These are done for good: handled or parked. A repeat of what was parked before is not given here."""
        for delivery in handled:
            self._tally = self._tally.after(_refused(delivery))


def _refused(delivery: Delivery) -> bool:
    """A record that an operator asked to skip speaks for no fault of ours."""
    return delivery.refusal is not None and not isinstance(delivery.refusal, Skipped)
