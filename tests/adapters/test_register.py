"""The notifier's register, in memory and in PostgreSQL: one row per letter, and the contact it goes to."""

from contextlib import ExitStack

import pytest

from services.kernel.errors import Refused
from services.notifier.handler import INTEGRATION_ACTIVE
from tests.adapters.desks import (
    NINE,
    Office,
    Status,
    activation,
    described,
    keep,
    ready,
    reserve,
    sent,
    take,
    taken,
)
from tests.adapters.schemas import given_up


def test_one_letter_is_reserved_once(office: Office):
    """Goal: one letter. Case: another event about the same connection, another company; the first event's facts stay."""
    answers = [reserve(office, event) for event in (activation(), activation(), activation(n=2), activation("durand"))]
    assert [True, False, False, True] == answers
    assert [Status("dupont/c1", "waiting_for_contact"), Status("durand/c1", "waiting_for_contact")] == office.statuses()
    keep(office, described())
    assert "dupont-1" == taken(office).caused_by


def test_a_letter_that_was_sent_is_not_reserved_again(office: Office):
    """Goal: one letter. Case: the event comes again under another id after the mail."""
    ready(office)
    sent(office, taken(office))
    assert not reserve(office, activation(n=2))
    assert take(office, minutes=60 * 24 * 365) is None


def test_a_reservation_goes_with_its_transaction(office: Office):
    """Goal: no letter about what was not handled. Case: the transaction is given up; the next one reserves."""
    with given_up(office.schema.store) as transaction:
        assert office.desk.reserve(INTEGRATION_ACTIVE, activation(), NINE, transaction)
    assert [] == office.statuses()
    assert reserve(office, activation())


def test_a_repeat_waits_for_nobody_who_only_holds_the_letter(office: Office):
    """Goal: listening goes on while letters are sent. Case: the event comes again while another transaction holds the row, unchanged."""
    ready(office)
    with ExitStack() as other:
        other.enter_context(office.held("dupont/c1"))
        assert not office.schema.held_up(lambda: reserve(office, activation(n=2)), until=other.close)


@pytest.mark.parametrize("committed", [True, False])
def test_of_two_reservations_at_once_one_counts(office: Office, committed: bool):
    """Goal: one letter. Case: a second process reserves before the first commits, or is given up."""
    answers, store = list[bool](), office.schema.store
    with ExitStack() as first:
        transaction = first.enter_context(store.transaction() if committed else given_up(store))
        office.desk.reserve(INTEGRATION_ACTIVE, activation(), NINE, transaction)
        assert office.schema.held_up(lambda: answers.append(reserve(office, activation(n=2))), until=first.close)
    assert [not committed] == answers
    assert 1 == len(office.statuses())


def test_the_latest_contact_counts(office: Office):
    """Goal: a letter goes where the company is now. Case: versions 2, 1, 2 and 3; the salt stays."""
    reserve(office, activation())
    keep(office, described(version=2, address="k1:new"), described(version=1, address="k1:old"), described(version=2, address="k1:other"))
    second = taken(office)
    assert ("dupont v2", "k1:new") == (second.company_name, second.sealed_address)
    keep(office, described(version=3, address="k1:newest"))
    third = taken(office, minutes=5)
    assert ("dupont v3", "k1:newest", second.salt) == (third.company_name, third.sealed_address, third.salt)


def test_of_two_contacts_at_once_the_later_version_counts(office: Office):
    """Goal: a letter goes where the company is now. Case: version 1 is kept while version 2 is not committed yet."""
    reserve(office, activation())
    with ExitStack() as first:
        transaction = first.enter_context(office.schema.elsewhere.transaction())
        office.desk.keep_contact(described(version=2), transaction)
        assert office.schema.held_up(lambda: keep(office, described(version=1)), until=first.close)
    assert "dupont v2" == taken(office).company_name


def test_a_letter_waits_for_its_contact(office: Office):
    """Goal: no letter is lost. Case: nobody is known; then another company's contact; then the right one."""
    assert take(office) is None
    reserve(office, activation())
    keep(office, described("durand"))
    assert take(office) is None
    keep(office, described())
    assert "dupont" == taken(office).company_id


def test_the_end_of_a_contact(office: Office):
    """Goal: an ended contact gets nothing. Case: it ends twice, and is described anew, even by an old version, under another salt."""
    ready(office)
    salt = taken(office).salt
    office.desk.forget_contact("dupont")
    office.desk.forget_contact("dupont")
    assert take(office, minutes=5) is None
    keep(office, described(version=1, address="k1:back"))
    again = taken(office, minutes=5)
    assert "k1:back" == again.sealed_address
    assert salt != again.salt


def test_a_company_that_no_database_takes_is_refused(office: Office):
    """Goal: poison is parked. Case: NUL in the name of a company whose contact ends."""
    with pytest.raises(Refused):
        office.desk.forget_contact("dup\x00ont")
