"""An old record reaches the handler in the newest version of its event, lifted by pure functions; the log stays as it is."""

from typing import ClassVar

import pytest
from pydantic import ValidationError

from schemas.contract import EventData, newest
from services.kernel.envelope import Event, Record, decode, encode

TIME = "2026-03-02T08:00:00.000000Z"


class ParcelWeighed3(EventData):
    """The newest: milligrams, and who weighed."""

    ce_type: ClassVar[str] = "achats.parcel.weighed.v3"

    company_id: str
    weight_mg: int
    weighed_by: str | None


class ParcelWeighed2(EventData):
    """Grams in a field that names them."""

    ce_type: ClassVar[str] = "achats.parcel.weighed.v2"

    company_id: str
    weight_grams: int

    def upcast(self) -> ParcelWeighed3:
        """A thousand milligrams each; nobody said who weighed."""
        return ParcelWeighed3(company_id=self.company_id, weight_mg=self.weight_grams * 1000, weighed_by=None)


class ParcelWeighed(EventData):
    """The first version, which had kilograms as text."""

    ce_type: ClassVar[str] = "achats.parcel.weighed.v1"

    company_id: str
    weight: str

    def upcast(self) -> ParcelWeighed2:
        """`1.250` is 1250 grams."""
        return ParcelWeighed2(company_id=self.company_id, weight_grams=int(self.weight.replace(".", "")))


TYPES: dict[str, type[EventData]] = {one.ce_type: one for one in (ParcelWeighed, ParcelWeighed2, ParcelWeighed3)}
VERSIONS = (
    (ParcelWeighed(company_id="c1", weight="1.250"), ParcelWeighed3(company_id="c1", weight_mg=1_250_000, weighed_by=None)),
    (ParcelWeighed2(company_id="c1", weight_grams=7), ParcelWeighed3(company_id="c1", weight_mg=7_000, weighed_by=None)),
    (ParcelWeighed3(company_id="c1", weight_mg=1, weighed_by="p1"), ParcelWeighed3(company_id="c1", weight_mg=1, weighed_by="p1")),
)


def record(data: EventData) -> Record:
    """The event as it was sent in its time."""
    sent = encode(Event("id-1", "/achats/test", TIME, data), "achats.parcels.v1")
    return Record(sent.topic, 0, 0, 0, sent.key, sent.value, sent.headers)


@pytest.mark.parametrize(("said", "read"), VERSIONS)
def test_a_reader_gets_the_newest_version(said: EventData, read: EventData):
    """From any version, over as many steps as it takes; id, source and time are those of the record."""
    assert Event("id-1", "/achats/test", TIME, read) == decode(record(said), TYPES)


def test_a_step_is_pure():
    """The same each time, and what it is made from stays as it was: it is frozen."""
    said = ParcelWeighed(company_id="c1", weight="0.100")
    assert newest(said) == newest(said) == ParcelWeighed3(company_id="c1", weight_mg=100_000, weighed_by=None)
    assert ParcelWeighed(company_id="c1", weight="0.100") == said
    with pytest.raises(ValidationError, match="frozen"):
        said.weight = "9"


def test_a_contract_with_one_version_is_its_own_newest():
    """As all of ours are today: nothing is copied."""
    said = ParcelWeighed3(company_id="c1", weight_mg=1, weighed_by=None)
    assert newest(said) is said
