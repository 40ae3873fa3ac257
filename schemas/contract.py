"""The base classes every contract is made of."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict


class Contract(BaseModel):
    """A frozen value. Writers are closed (unknown fields refused); readers ask `model_validate_json(…, extra="ignore")`."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class EventData(Contract):
    """The data of one event: `ce_type` names it and its major version, `company_id` leads its record key."""

    ce_type: ClassVar[str]
    company_id: str

    @property
    def subject(self) -> str:
        """What the event is about, as `ce_subject`: an id path such as `company/invoice`."""
        return self.company_id

    @property
    def record_key(self) -> str:
        """The Kafka record key: the company, so that order holds between the events of one company."""
        return self.company_id

    def upcast(self) -> "EventData | None":
        """The same fact as the next major version says it, from nothing but this one; None in the newest."""
        return None


def newest(data: EventData) -> EventData:
    """The same fact in the newest version: what a handler gets of an old record. The log is never rewritten."""
    later = data.upcast()
    return data if later is None else newest(later)


class HouseData(EventData):
    """The data of an event about no company: about a book, or the platform. No header names a company then; the subject is the key."""

    company_id: ClassVar[str] = ""  # pyright: ignore[reportIncompatibleVariableOverride]

    @property
    def record_key(self) -> str:
        """The subject."""
        return self.subject
