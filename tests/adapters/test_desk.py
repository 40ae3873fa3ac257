"""The notifier's desk, in memory and in PostgreSQL: one row per letter, one attempt at a time, one announcement."""

import json
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.kernel.errors import Refused
from services.notifier.domain.outcome import Outcome, Verdict
from services.notifier.handler import Due, LeaseLost
from tests.adapters.desks import (
    ANNOUNCEMENT,
    MESSAGE,
    NINE,
    Office,
    Status,
    activation,
    described,
    keep,
    ready,
    sent,
    take,
    taken,
)
from tests.adapters.schemas import drained

BUSY = Outcome(Verdict.DEFERRED, "recipient_refused", "451 later")
UNKNOWN = Outcome(Verdict.REFUSED, "recipient_refused", "550 user unknown")
SILENCE = Outcome(Verdict.UNCLEAR, "no_answer_after_data")


def test_an_attempt_is_told_everything(office: Office):
    """Goal: a letter can be written from the row and the contact. Case: each value as the event and the contact said it."""
    ready(office)
    due = taken(office)
    event = activation()
    expected = Due(
        notification_id=due.notification_id,
        kind="integration_active",
        about="dupont/c1",
        company_id="dupont",
        facts=due.facts,
        occurred_at=datetime(2026, 11, 23, 8, 12, tzinfo=UTC),
        caused_by="dupont-1",
        traceparent="00-1-2-01",
        attempts=1,
        leased_until=NINE + timedelta(minutes=5),
        company_name="dupont v1",
        file_code="DUPONT",
        sealed_address="k1:anna",
        salt=due.salt,
    )
    assert expected == due
    assert event.data.model_dump(mode="json") == json.loads(due.facts)
    assert (32, 36) == (len(due.notification_id), len(due.salt))


def test_a_lease_keeps_others_off(office: Office):
    """Goal: one attempt at a time. Case: a second take within the lease, and at its end: the attempt may have been accepted."""
    ready(office)
    assert 1 == taken(office).attempts
    assert take(office, minutes=4.99) is None
    assert [Status("dupont/c1", "sending", attempts=1)] == office.statuses()
    assert 2 == taken(office, minutes=5).attempts
    assert [Status("dupont/c1", "sending", attempts=2, unclear_attempts=1)] == office.statuses()


def test_what_is_due_first_is_taken_first(office: Office):
    """Goal: nobody waits behind everybody. Case: two postponed, the later of them reserved first; then nothing is due."""
    for company, minutes in (("dupont", 20), ("durand", 10)):
        ready(office, company)
        office.desk.postpone(taken(office), BUSY, NINE + timedelta(minutes=minutes))
    assert take(office, minutes=9.99) is None
    assert ["durand", "dupont"] == [taken(office, minutes=20).company_id for _ in range(2)]
    assert take(office, minutes=20) is None


def test_a_letter_in_another_s_hands_is_left_to_it(office: Office):
    """Goal: processes do not wait for each other. Case: another transaction holds the first letter; the second is taken."""
    ready(office)
    ready(office, "durand")
    with office.held("dupont/c1"):
        assert "durand" == taken(office).company_id
        assert take(office) is None
    assert "dupont" == taken(office).company_id


def test_the_message_id_is_bound_before_sending(office: Office):
    """Goal: every attempt can be recognised. Case: bound, and bound anew by the next attempt after a postponement."""
    ready(office)
    office.desk.bind(taken(office), MESSAGE)
    assert [Status("dupont/c1", "sending", attempts=1, message_id=MESSAGE)] == office.statuses()
    office.desk.bind(taken(office, minutes=5), "<2@example.org>")
    assert ["<2@example.org>"] == [status.message_id for status in office.statuses()]


def test_a_message_id_belongs_to_one_letter(office: Office):
    """Goal: two letters are never taken for one. Case: another letter's Message-ID is refused."""
    for company in ("dupont", "durand"):
        ready(office, company)
    office.desk.bind(taken(office), MESSAGE)
    with pytest.raises(Refused):
        office.desk.bind(taken(office), MESSAGE)


def test_who_lost_the_lease_does_not_send(office: Office):
    """Goal: one attempt at a time. Case: the first process was held up, and the letter was taken, put aside or sent by another."""
    ready(office)
    late = taken(office)
    second = taken(office, minutes=5)
    with pytest.raises(LeaseLost):
        office.desk.bind(late, MESSAGE)
    office.desk.postpone(second, BUSY, NINE + timedelta(minutes=6))
    with pytest.raises(LeaseLost):
        office.desk.bind(second, MESSAGE)
    third = taken(office, minutes=6)
    sent(office, third)
    for attempt in (late, second, third):
        with pytest.raises(LeaseLost):
            office.desk.bind(attempt, "<other@example.org>")
    assert [Status("dupont/c1", "sent", attempts=3, unclear_attempts=1, message_id=MESSAGE, sent_at=NINE)] == office.statuses()


def test_binding_waits_for_the_row(office: Office):
    """Goal: who lost the lease does not send. Case: another transaction holds the row and lets it go."""
    ready(office)
    due = taken(office)
    with ExitStack() as other:
        other.enter_context(office.held("dupont/c1"))
        assert office.schema.held_up(lambda: office.desk.bind(due, MESSAGE), until=other.close)
    assert [MESSAGE] == [status.message_id for status in office.statuses()]


def test_an_accepted_letter_is_announced_once(office: Office):
    """Goal: one announcement. Case: said again by the same attempt, and by the one whose lease was over."""
    ready(office)
    late = taken(office)
    second = taken(office, minutes=5)
    sent(office, second)
    sent(office, second, "<other@example.org>")
    sent(office, late, "<other@example.org>")
    assert [ANNOUNCEMENT] == drained(office.schema)
    assert [Status("dupont/c1", "sent", attempts=2, unclear_attempts=1, message_id=MESSAGE, sent_at=NINE)] == office.statuses()


def test_an_accepted_letter_counts_whoever_has_the_lease(office: Office):
    """Goal: no second letter. Case: the attempt that lost its lease was accepted after all, while another is at it, or put it aside."""
    ready(office)
    late = taken(office)
    office.desk.suppress(taken(office, minutes=5), UNKNOWN, NINE)
    sent(office, late)
    assert [Status("dupont/c1", "sent", attempts=2, unclear_attempts=1, message_id=MESSAGE, sent_at=NINE)] == office.statuses()
    assert [ANNOUNCEMENT] == drained(office.schema)


def test_marking_and_announcing_are_one(office: Office):
    """Goal: announced if and only if marked. Case: two processes mark the letter at once; the second waits, and says nothing."""
    ready(office)
    due = taken(office)
    with ExitStack() as other:
        other.enter_context(office.held("dupont/c1"))
        assert office.schema.held_up(lambda: sent(office, due), until=other.close)
    sent(office, replace(due, attempts=9))
    assert [ANNOUNCEMENT] == drained(office.schema)


@pytest.mark.parametrize(("outcome", "unclear"), [(BUSY, 0), (SILENCE, 1)])
def test_a_postponed_letter_comes_again(office: Office, outcome: Outcome, unclear: int):
    """Goal: no letter is lost. Case: not now, or perhaps: due again then, not before, with the reason on view."""
    ready(office)
    office.desk.postpone(taken(office), outcome, NINE + timedelta(minutes=1))
    assert [Status("dupont/c1", "reserved", outcome.reason, outcome.detail, 1, unclear)] == office.statuses()
    assert take(office, minutes=0.99) is None
    sent(office, taken(office, minutes=1))
    expected = Status("dupont/c1", "sent", attempts=2, unclear_attempts=unclear, message_id=MESSAGE, sent_at=NINE)
    assert [expected] == office.statuses()


def test_a_suppressed_letter_waits_for_another_address(office: Office):
    """Goal: nobody is asked again who refused. Case: years later; the same version and an older one; a newer: attempts begin anew."""
    ready(office)
    office.desk.postpone(taken(office), SILENCE, NINE)
    office.desk.suppress(taken(office), UNKNOWN, NINE)
    assert [Status("dupont/c1", "suppressed", "recipient_refused", "550 user unknown", 2, 1)] == office.statuses()
    keep(office, described(version=1))
    assert take(office, minutes=60 * 24 * 365) is None
    keep(office, described(version=2))
    assert 1 == taken(office).attempts
    assert [Status("dupont/c1", "sending", "recipient_refused", "550 user unknown", 1, 1)] == office.statuses()


def test_a_suppressed_letter_does_not_wait_for_a_contact(office: Office):
    """Goal: a person sees why. Case: the contact ends, and comes back with the version that was refused, then with a later one."""
    ready(office)
    office.desk.suppress(taken(office), UNKNOWN, NINE)
    office.desk.forget_contact("dupont")
    assert ["suppressed"] == [status.state for status in office.statuses()]
    keep(office, described(version=1))
    assert take(office, minutes=5) is None
    keep(office, described(version=2))
    assert 1 == taken(office, minutes=5).attempts


@pytest.mark.parametrize("late_outcome", [BUSY, SILENCE, UNKNOWN])
def test_a_late_attempt_puts_nothing_aside(office: Office, late_outcome: Outcome):
    """Goal: one attempt at a time. Case: the first process was held up; the second is sending, has put aside, has sent."""
    ready(office)
    late = taken(office)

    def too_late() -> None:
        before = office.statuses()
        office.desk.postpone(late, late_outcome, NINE + timedelta(days=1))
        office.desk.suppress(late, late_outcome, NINE)
        assert before == office.statuses()

    second = taken(office, minutes=5)
    too_late()
    office.desk.postpone(second, BUSY, NINE + timedelta(minutes=6))
    too_late()
    sent(office, taken(office, minutes=6))
    too_late()


def test_a_number_that_comes_again_is_another_attempt(office: Office):
    """Goal: one attempt at a time. Case: the first process was held up so long that the letter was refused and its attempts began anew."""
    ready(office)
    late = taken(office)
    office.desk.suppress(taken(office, minutes=5), UNKNOWN, NINE + timedelta(minutes=5))
    keep(office, described(version=2, address="k1:right"))
    anew = taken(office, minutes=6)
    assert (1, 1) == (late.attempts, anew.attempts)
    with pytest.raises(LeaseLost):
        office.desk.bind(late, "<wrong@example.org>")
    before = office.statuses()
    office.desk.postpone(late, BUSY, NINE + timedelta(days=1))
    office.desk.suppress(late, UNKNOWN, NINE)
    assert before == office.statuses()
    office.desk.bind(anew, MESSAGE)
