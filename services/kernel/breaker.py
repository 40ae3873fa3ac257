"""When too much is refused, stop: a wrong deployment, here or at a producer, is likelier than so many bad records."""

from collections.abc import Sequence
from dataclasses import dataclass

from schemas.record_parked.v1 import RecordParked
from services.kernel.envelope import Delivery
from services.kernel.errors import KernelError, Skipped

IN_ROW_MAX = 20
WINDOW, WINDOW_REFUSED_MAX = 200, 50


@dataclass(frozen=True, slots=True)
class Trip:
    """Why a service stops, the record before which it stops, and how many of the last ones it saw it refused, that one included."""

    reason: str
    topic: str
    partition: int
    offset: int
    refused: int
    seen: int


class Tripped(KernelError):
    """Too many records are refused; nothing is consumed until an operator resumes."""

    def __init__(self, trip: Trip) -> None:
        super().__init__(trip.reason)
        self.trip = trip


def too_many(last: Sequence[bool]) -> str | None:
    """Which limit the last records (at most WINDOW) reach, in words; True = refused."""
    if len(last) >= IN_ROW_MAX and all(last[-IN_ROW_MAX:]):
        return f"{IN_ROW_MAX} records in a row were refused"
    if len(last) >= WINDOW and sum(last) > WINDOW_REFUSED_MAX:
        return f"{sum(last)} of the last {WINDOW} records were refused"
    return None


class Fuse:
    """Counts what one process refuses and lets through no refusal that reaches a limit. After a trip it counts anew."""

    def __init__(self) -> None:
        self._last = list[bool]()

    def allowed(self, batch: Sequence[Delivery]) -> Sequence[Delivery]:
        """The leading deliveries that may be handled. Raises Tripped: the first may not, and stays unhandled."""
        outcomes = [*self._last, *map(_refused, batch)]
        for place, delivery in enumerate(batch):
            if _refused(delivery) and (reason := too_many(last := outcomes[: len(self._last) + place + 1][-WINDOW:])):
                if place:
                    return batch[:place]
                self._last, record = [], delivery.record
                raise Tripped(Trip(reason, record.topic, record.partition, record.offset, sum(last), len(last)))
        return batch

    def count(self, handled: Sequence[Delivery]) -> None:
        """These are done for good: handled or parked. A repeat of what was parked before is not given here."""
        self._last = [*self._last, *map(_refused, handled)][-WINDOW:]


def _refused(delivery: Delivery) -> bool:
    """A record that an operator asked to skip, or gave back, speaks for no new fault of ours."""
    known = isinstance(delivery.refusal, Skipped) or RecordParked.header_name in dict(delivery.record.headers)
    return delivery.refusal is not None and not known
