"""An event of the fetcher as the outbox takes it."""

from datetime import datetime

from schemas.contract import EventData
from schemas.registry import topic_for
from services.kernel.clock import instant
from services.kernel.envelope import Event, Outgoing, RunPosition, encode, event_id

SERVICE = "fetcher"
SOURCE = f"/achats/{SERVICE}"


def outgoing(data: EventData, n: int, now: datetime, run: RunPosition | None = None, causation_id: str | None = None) -> Outgoing:
    """The n-th event of its type about its subject; said again it has the same id."""
    identity = event_id(SOURCE, data.ce_type, data.subject, n)
    event = Event(identity, SOURCE, instant(now), data, run=run, causation_id=causation_id)
    return encode(event, topic_for(SERVICE, type(data)))
