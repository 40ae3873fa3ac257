"""Mistakes planted in the shipped SQL of the notifier's desk, in its twin and in its delivery: the suites notice each of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import aiosql
import pytest

from services.notifier.adapters import desk
from tests.adapters import test_deliver, test_desk, test_register
from tests.adapters.desks import MemoryOffice, Office, postgres_office
from tests.simulation.memory import notifier_mistakes as mistakes
from tests.simulation.memory.notifier import MemoryDesk
from tests.simulation.memory.store import MemoryStore

type Check = Callable[[Office], None]

SHIPPED = Path(desk.__file__).with_name("desk.sql").read_text(encoding="utf-8")
STILL_OURS = "state = 'sending' and next_attempt_at = :leased_until"

IN_SQL: dict[str, tuple[str, str, Check]] = {
    "a letter is reserved again": (
        "on conflict do nothing",
        "on conflict (notification_id) do update set state = 'reserved', sent_at = null",
        test_register.test_one_letter_is_reserved_once,
    ),
    "an older contact counts": (
        "\nwhere contact.version < excluded.version",
        "",
        test_register.test_the_latest_contact_counts,
    ),
    "taken without a lease": (
        "next_attempt_at = :lease_until",
        "next_attempt_at = least(:lease_until, :now)",
        test_desk.test_a_lease_keeps_others_off,
    ),
    "a dead attempt is not counted as unclear": (
        "unclear_attempts = n.unclear_attempts + (n.state = 'sending')::integer,",
        "",
        test_desk.test_a_lease_keeps_others_off,
    ),
    "suppressed for ever": (
        "and (n.state <> 'suppressed' or n.contact_version < c.version)",
        "and n.state <> 'suppressed'",
        test_desk.test_a_suppressed_letter_waits_for_another_address,
    ),
    "bound without the lease": (
        f"set message_id = :message_id\nwhere notification_id = :notification_id and {STILL_OURS}",
        "set message_id = :message_id\nwhere notification_id = :notification_id and :leased_until is not null",
        test_deliver.test_who_is_held_up_past_the_lease_does_not_mail,
    ),
    "put aside without the lease": (
        f"    next_attempt_at = :next_attempt_at\nwhere notification_id = :notification_id and {STILL_OURS}",
        "    next_attempt_at = :next_attempt_at\nwhere notification_id = :notification_id and :leased_until is not null",
        lambda office: test_desk.test_a_late_attempt_puts_nothing_aside(office, test_desk.BUSY),
    ),
    "marked and announced again": (
        "where notification_id = :notification_id and state <> 'sent'",
        "where notification_id = :notification_id",
        test_desk.test_an_accepted_letter_is_announced_once,
    ),
}

IN_TWINS: dict[str, tuple[type[MemoryDesk], Check]] = {
    "a letter is reserved again": (mistakes.ReservesAgain, test_register.test_one_letter_is_reserved_once),
    "an older contact counts": (mistakes.KeepsAnyContact, test_register.test_the_latest_contact_counts),
    "taken without a lease": (mistakes.TakesWithoutLease, test_deliver.test_two_processes_do_not_mail_at_once),
    "the mail before the row": (mistakes.TakesWithoutWriting, test_deliver.test_who_dies_after_the_letter_was_accepted_leaves_a_note),
    "bound without the lease": (mistakes.BindsWithoutLease, test_deliver.test_who_is_held_up_past_the_lease_does_not_mail),
    "attempts known by number": (mistakes.KnowsAttemptsByNumber, test_desk.test_a_number_that_comes_again_is_another_attempt),
    "marked before the mail": (mistakes.MarksBeforeMailing, test_deliver.test_who_dies_before_mailing_loses_nothing),
    "marked and announced again": (mistakes.AnnouncesAgain, test_desk.test_an_accepted_letter_is_announced_once),
}


@pytest.mark.parametrize("mistake", IN_SQL)
def test_a_mistake_in_sql_is_noticed(mistake: str, database_url: str, monkeypatch: pytest.MonkeyPatch):
    """Goal: the suite proves something. Case: one change of the shipped SQL on a real PostgreSQL; the check passes without it."""
    right, wrong, check = IN_SQL[mistake]
    assert 1 == SHIPPED.count(right)
    queries: Any = aiosql.from_str(SHIPPED.replace(right, wrong), "psycopg")
    monkeypatch.setattr(desk, "QUERIES", queries)
    with postgres_office(database_url) as office, pytest.raises((AssertionError, pytest.fail.Exception)):
        check(office)


@pytest.mark.parametrize("mistake", IN_TWINS)
def test_the_same_mistake_in_a_twin_is_noticed(mistake: str):
    """Goal: what the seeds are given is wrong. Case: the twin with the mistake; the check passes without it."""
    kind, check = IN_TWINS[mistake]
    store = MemoryStore()
    with pytest.raises((AssertionError, pytest.fail.Exception)):
        check(MemoryOffice(store, kind(store)))


def test_a_delivery_that_forgets_is_noticed():
    """Goal: what the seeds are given is wrong. Case: what could not be written down is not kept for the next turn."""
    store = MemoryStore()
    with pytest.raises(AssertionError):
        test_deliver.written_down_later(MemoryOffice(store, MemoryDesk(store)), mistakes.ForgetsWhatItSent)
