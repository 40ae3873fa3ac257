"""The retry ladder: when numbers and documents are asked for again, and when nobody asks any more."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from itertools import pairwise

import pytest

from services.fetcher.domain.dossier import is_lacking, whole_order
from services.fetcher.domain.records import ReportState
from services.fetcher.domain.schedule import DAILY, slot
from services.fetcher.domain.waiting import WORDS, Wait, Waiting, aged
from services.fetcher.domain.wanting import Wanted, after_end, after_vain_request, ask_again_at, first_attempt, next_rung
from tests.unit.fetcher.known import NOW, ORDER, charged, dossier, refunded, stated

WANTED = Wanted(ORDER, "", NOW, 0, None, NOW)


def days(number: float) -> datetime:
    """That many days after the shipment."""
    return NOW + timedelta(days=number)


def test_the_rungs() -> None:
    """1, 2, 3, 5, 8, 13, 21, 30 days after the shipment, then monthly to 90, then never."""
    rungs, moment = list[int](), NOW
    while rung := next_rung(NOW, moment):
        rungs, moment = [*rungs, (rung - NOW).days], rung
    assert [1, 2, 3, 5, 8, 13, 21, 30, 60, 90] == rungs


def test_a_first_attempt_leaves_the_seller_a_day() -> None:
    """Shipped now: tomorrow. Shipped long ago, or nobody knows when: now."""
    assert [days(1), NOW, NOW] == [first_attempt(moved, NOW) for moved in (NOW, days(-20), None)]


def test_a_pending_number_is_asked_every_day_until_it_is_overdue() -> None:
    """Up to 35 days after the shipment; then as any other: day 60, day 90, never."""
    asked = [(day, ask_again_at(NOW, True, days(day))) for day in (0, 20, 34, 34.5, 35, 60, 90)]
    soon = timedelta(hours=20)
    assert [
        (0, NOW + soon),
        (20, days(20) + soon),
        (34, days(34) + soon),
        (34.5, days(60)),
        (35, days(60)),
        (60, days(90)),
        (90, None),
    ] == asked
    assert days(21) == ask_again_at(NOW, False, days(20))


@pytest.mark.parametrize("company", [f"company-{number}" for number in range(20)])
def test_every_day_s_run_asks_what_is_pending(company: str) -> None:
    """
    500 orders a day, end of a month: one day's run asked a line's number 45 minutes after it began, the next began ten minutes earlier
    it left the line for another day, and the document with it
    """
    slots = [slot(DAILY, company, date(2026, 3, day)) for day in range(1, 32)]
    again = [ask_again_at(began, True, began + timedelta(minutes=45)) for began in slots[:-1]]
    assert [] == [following for (_, following), due in zip(pairwise(slots), again, strict=True) if due is None or following < due]


def test_a_cancelled_report_takes_the_next_rung() -> None:
    """Four days after the shipment: on day five, whatever failed before is forgotten."""
    failed = replace(WANTED, failures=2, trouble=Waiting.DOCUMENT_FAILED)
    assert replace(WANTED, next_attempt_at=days(5)) == after_end(failed, ReportState.NOTHING, None, days(4))


def test_a_fatal_report_is_tried_four_times_more() -> None:
    """After 15 minutes, 1, 6 and 24 hours; then a person must look, and something must happen before it is asked for again."""
    wanted, pauses = WANTED, list[timedelta | None]()
    for _ in range(5):
        wanted = after_end(wanted, ReportState.FAILED, None, NOW)
        pauses.append(wanted.next_attempt_at - NOW if wanted.next_attempt_at else None)
    assert [timedelta(minutes=15), timedelta(hours=1), timedelta(hours=6), timedelta(hours=24), None] == pauses
    assert Waiting.DOCUMENT_GIVEN_UP == wanted.trouble


def test_a_lost_report_is_made_anew_at_once_and_then_as_a_failed_one() -> None:
    """So that one that Amazon forgets each time holds no run up."""
    once = after_end(WANTED, ReportState.LOST, None, NOW)
    twice = after_end(once, ReportState.LOST, None, NOW)
    assert (NOW, NOW + timedelta(minutes=15)) == (once.next_attempt_at, twice.next_attempt_at)


def test_a_payload_that_cannot_be_used_keeps_its_name_to_the_end() -> None:
    """Five times encrypted: that is the exception, not « given up »."""
    wanted = WANTED
    for _ in range(5):
        wanted = after_end(wanted, ReportState.FAILED, Waiting.PAYLOAD_ENCRYPTED, NOW)
    assert (Waiting.PAYLOAD_ENCRYPTED, None) == (wanted.trouble, wanted.next_attempt_at)


def test_a_refused_request_waits_for_the_ladder() -> None:
    """Our fault: not again in this run."""
    refused = after_vain_request(WANTED, Waiting.REQUEST_REFUSED, days(1.5))
    assert (Waiting.REQUEST_REFUSED, days(2)) == (refused.trouble, refused.next_attempt_at)


@pytest.mark.parametrize(
    ("reason", "day", "expected"),
    [
        (Waiting.DOCUMENT_MISSING, 4, Waiting.DOCUMENT_MISSING),
        (Waiting.DOCUMENT_MISSING, 5, Waiting.SELLER_LATE),
        (Waiting.DOCUMENT_MISSING, 90, Waiting.DOCUMENT_NEVER_SUPPLIED),
        (Waiting.NUMBER_UNKNOWN, 89, Waiting.NUMBER_UNKNOWN),
        (Waiting.NUMBER_UNKNOWN, 90, Waiting.DOCUMENT_NEVER_SUPPLIED),
        (Waiting.NOT_SHIPPED, 90, Waiting.DOCUMENT_NEVER_SUPPLIED),
        (Waiting.NUMBER_PENDING, 34, Waiting.NUMBER_PENDING),
        (Waiting.NUMBER_PENDING, 35, Waiting.NUMBER_OVERDUE),
        (Waiting.IMPORT_DISABLED, 400, Waiting.IMPORT_DISABLED),
    ],
)
def test_a_reason_ages(reason: Waiting, day: int, expected: Waiting) -> None:
    """Days since the shipment."""
    assert expected == aged(reason, timedelta(days=day))


def test_every_reason_has_its_words() -> None:
    """One sentence and one next action each, whole sentences both."""
    assert set(Waiting) == set(WORDS)
    assert [] == [words for words in WORDS.values() for text in (words.sentence, words.next_action) if not text.endswith((".", "?)."))]


def test_an_order_under_consolidated_numbers_is_not_asked_for_itself() -> None:
    """Each line pending, or under a consolidated number: no. One plain line, or a refund without a number: yes."""
    consolidated = replace(stated("FR-1"), consolidated=True)
    assert not whole_order(dossier((charged(), charged("L2", "S2", pending=True)), (consolidated,)))
    assert whole_order(dossier((charged(), charged("L2", "S2")), (consolidated,)))
    assert whole_order(dossier((refunded(),), (consolidated,)))


def test_what_no_request_would_change_is_not_asked_for() -> None:
    """A disabled import and a pending number wait without Amazon; a missing document does not; a number asks for itself only."""
    waits = [Wait(ORDER, "FR-1", reason, NOW, None) for reason in (Waiting.IMPORT_DISABLED, Waiting.NUMBER_PENDING)]
    missing = Wait(ORDER, "FR-1", Waiting.DOCUMENT_MISSING, NOW, None)
    of_number = [Wanted("", number, NOW, 0, None, NOW) for number in ("FR-1", "FR-2")]
    assert not is_lacking(WANTED, waits)
    assert [True, True, False] == [is_lacking(wanted, [*waits, missing]) for wanted in (WANTED, *of_number)]
