"""notification.sent: a person was told, once."""

from typing import Annotated, ClassVar

from pydantic import Field

from schemas.contract import EventData
from schemas.values import Code, Id, Instant, Text, known


class NotificationSent(EventData):
    """Which notification went out. It names no person: the address stays with the notifier."""

    ce_type: ClassVar[str] = "achats.notification.sent.v1"

    company_id: Id
    notification_id: Id
    kind: Code = known("integration_active, connection_broken")
    about: Text = Field(description="the subject of the event that caused it; for connection_broken, and since when")
    channel: Code = known("email")
    message_id: Annotated[str, Field(pattern=r"^<[^<>\s]{1,200}@[^<>\s]{1,255}>$", description="RFC 5322 Message-ID")]
    sent_at: Instant

    @property
    def subject(self) -> str:
        """Company and notification."""
        return f"{self.company_id}/{self.notification_id}"
