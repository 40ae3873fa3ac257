"""Which record ends a contact: a tombstone among the contacts, also when an operator gives it back."""

import pytest

from services.kernel.envelope import Delivery, Headers, Outgoing, Record, parked
from services.kernel.errors import Poison, Skipped, Unreadable
from services.notifier.handler import RETRY, EndContacts

CONTACTS, NOW = "achats.contacts.v1", "2026-03-11T05:00:00Z"
SKIPPED = Skipped("ada", "bug 42")


class Register:
    """Notes who is forgotten."""

    def __init__(self) -> None:
        self.forgotten = list[str]()

    def forget_contact(self, company_id: str) -> None:
        """The contact's end."""
        self.forgotten.append(company_id)


def tombstone(topic: str, headers: Headers = ()) -> Record:
    """The end of C-1's contact."""
    return Record(topic, 3, 7, 0, b"C-1", None, headers)


def given_back(topic: str) -> Record:
    """The same, parked from there and given back."""
    kept: Outgoing = parked(tombstone(topic), SKIPPED, "notifier", "achats.parked.notifier.v1", NOW)
    return tombstone(RETRY, kept.headers)


@pytest.mark.parametrize(
    ("record", "refusal", "expected"),
    [
        (tombstone(CONTACTS), Unreadable("no value"), ["C-1"]),
        (tombstone(CONTACTS), SKIPPED, []),
        (given_back(CONTACTS), Unreadable("no value"), ["C-1"]),
        (given_back("achats.connections.v1"), Unreadable("no value"), []),
        (tombstone(RETRY), Unreadable("no value"), []),
    ],
    ids=["among the contacts", "skipped", "given back", "given back, of another topic", "put there by hand"],
)
def test_what_ends_a_contact(record: Record, refusal: Poison, expected: list[str]):
    """What does not goes on to whoever parks it."""
    register, went_on = Register(), list[Delivery]()
    EndContacts(register, CONTACTS, went_on.extend)([Delivery(record, None, refusal)])  # pyright: ignore[reportArgumentType]
    assert (expected, [] if expected else [record]) == (register.forgotten, [delivery.record for delivery in went_on])
