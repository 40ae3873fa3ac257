"""Where an invoice stands, and what an event about it changes."""

from datetime import date
from typing import Any

import pytest

from schemas.invoice_classified.v1 import ClassifiedVat
from services.ledger.domain.holds import Hold
from services.ledger.domain.standing import (
    NOTHING,
    Document,
    FiscalYear,
    NoNews,
    Outcome,
    Standing,
    Verdict,
    advance,
    against,
    content_of,
    judge,
    no_news,
)
from tests.unit.ledger.documents import SETTINGS, held, invoice

YEAR = FiscalYear(date(2026, 1, 1), date(2026, 12, 31), date(2025, 12, 31))


def after(standing: Standing, document: Document, event_id: str) -> Standing:
    """The standing once an event with this document is in the book."""
    verdict = against(standing, judge(document, []))
    return advance(standing, event_id, document.revision, content_of(document), verdict)


def news(standing: Standing, document: Document, event_id: str) -> NoNews | None:
    """Whether such an event says anything new."""
    return no_news(standing, event_id, document.revision, content_of(document))


def booked() -> Standing:
    """An invoice whose first revision is in the book."""
    return after(NOTHING, invoice(), "e1")


def test_a_document_of_an_open_year_is_recorded():
    verdict = judge(invoice(), [YEAR])
    assert Outcome.RECORDED is verdict.outcome
    assert verdict.entry is not None


def test_only_a_year_that_is_closed_to_its_end_archives():
    month = FiscalYear(YEAR.starts, YEAR.ends, date(2026, 6, 30))
    whole = FiscalYear(YEAR.starts, YEAR.ends, YEAR.ends)
    assert [Outcome.RECORDED, Outcome.ARCHIVED] == [judge(invoice(), [year]).outcome for year in (month, whole)]


def test_the_day_of_the_cut_over_is_booked_and_the_day_before_is_archived():
    settings = SETTINGS.model_copy(update={"cut_over": date(2026, 3, 10)})
    days = [date(2026, 3, 9), date(2026, 3, 10)]
    assert [Outcome.ARCHIVED, Outcome.RECORDED] == [judge(invoice(issue_date=day, settings=settings), []).outcome for day in days]


def test_what_is_archived_is_not_held_for_its_currency():
    assert Verdict(Outcome.ARCHIVED) == judge(invoice(currency="GBP", issue_date=date(2025, 1, 1)), [])


def test_a_pdf_of_another_invoice_is_held_unless_it_is_archived():
    assert Outcome.RECORDED is judge(invoice(), [], bearer="I-1").outcome
    verdict = judge(invoice(), [], bearer="I-0")
    assert verdict.hold is not None
    assert ("booking", "same_document") == (verdict.hold.stage, verdict.hold.reason)
    assert "Le même PDF est déjà dans Achats, sous une autre facture." == verdict.hold.sentence
    assert Verdict(Outcome.ARCHIVED) == judge(invoice(issue_date=date(2025, 1, 1)), [], bearer="I-0")


def test_a_pdf_of_another_invoice_that_a_person_calls_distinct_is_booked_and_nothing_else_passes():
    assert Outcome.RECORDED is judge(invoice(lifted=("same_document",)), [], bearer="I-0").outcome
    everything = tuple(hold.code() for hold in Hold.__subclasses__())
    for document in (invoice(currency="GBP"), invoice(gross_cents=121_00), invoice(vat=(WAITING,))):
        verdict, lifted = judge(document, []), judge(document.model_copy(update={"lifted": everything}), [])
        assert (Outcome.HELD, verdict.hold) == (lifted.outcome, lifted.hold)
    verdict = judge(invoice(lifted=("totals_mismatch",)), [], bearer="I-0")
    assert verdict.hold is not None
    assert "same_document" == verdict.hold.reason


def test_an_older_revision_already_in_the_book_is_a_duplicate():
    standing = after(booked(), invoice(revision=2), "e2")
    assert NoNews.DUPLICATE is news(standing, invoice(revision=1), "e3")
    assert NoNews.OVERTAKEN is news(standing, invoice(revision=1, number="FR-2"), "e3")


def test_a_hold_says_stage_reason_sentence_and_action():
    hold = judge(invoice(currency="GBP"), []).hold
    assert hold is not None
    assert ("booking", "no_rate") == (hold.stage, hold.reason)
    assert "Le document est dans une autre devise que l'euro et son cours n'est pas connu." == hold.sentence
    assert "Saisir le cours du jour de la facture, puis la comptabiliser en euros." == hold.next_action


def test_a_hold_of_the_classifier_is_passed_on():
    hold = judge(held(), []).hold
    assert hold is not None
    assert ("classification", "issue_date_missing") == (hold.stage, hold.reason)


def test_what_says_nothing_new():
    """
    in the book: revision 2, event e1
      the same event again; another event with the same content; the same under another rulebook; revision 1; revision 3
    """
    second = invoice(revision=2)
    standing = after(NOTHING, second, "e1")
    assert [NoNews.REDELIVERED, NoNews.DUPLICATE, NoNews.DUPLICATE, NoNews.OVERTAKEN, None] == [
        news(standing, second, "e1"),
        news(standing, second, "e2"),
        news(standing, invoice(revision=2, rulebook_version="r9"), "e2"),
        news(standing, invoice(revision=1), "e3"),
        news(standing, invoice(revision=3), "e4"),
    ]


def test_content_is_what_the_document_says_not_what_it_was_handled_under():
    settings = SETTINGS.model_copy(update={"revision": 9})
    assert content_of(invoice()) == content_of(invoice(settings=settings, rulebook_version="r9", connection_id="K-9"))
    assert content_of(invoice()) != content_of(invoice(number="FR-2"))
    assert content_of(invoice()) != content_of(held())


def test_the_same_posting_brings_facts_only():
    again = judge(invoice(revision=2, orders=("406-2",)), [])
    assert Verdict(Outcome.RECORDED, entry=None) == against(booked(), again)


def test_another_posting_or_none_is_a_conflict_while_an_entry_stands():
    dearer = judge(invoice([("606400", 200_00, "20")], revision=2), [])
    nothing = judge(invoice([("606400", 1_00, None), ("606400", -1_00, None)], revision=2), [])
    for verdict in (against(booked(), dearer), against(booked(), nothing)):
        assert Outcome.HELD is verdict.outcome
        assert verdict.hold is not None
        assert "conflict" == verdict.hold.reason


def test_a_hold_of_the_classifier_stays_its_own_while_an_entry_stands():
    verdict = against(booked(), judge(held(revision=2), []))
    assert verdict.hold is not None
    assert "issue_date_missing" == verdict.hold.reason


def test_the_standing_moves_one_version_and_keeps_the_first_entry():
    first = booked()
    second = after(first, invoice([("606400", 200_00, "20")], revision=2), "e2")
    assert (2, 2, frozenset({"e1", "e2"})) == (second.version, second.revision, second.events)
    assert (first.entry, first.posting) == (second.entry, second.posting)


def test_an_invoice_of_a_closed_month_goes_to_the_first_open_day():
    """Its true date is in the label (PCG 1031-4), and a repeat after the closing is no conflict."""
    january = invoice(issue_date=date(2026, 1, 28))
    before, after = judge(january, [YEAR]), judge(january, [FiscalYear(YEAR.starts, YEAR.ends, date(2026, 1, 31))])
    assert before.entry is not None
    assert after.entry is not None
    assert [date(2026, 1, 28), date(2026, 2, 1)] == [before.entry.entry_date, after.entry.entry_date]
    assert after.entry.label.endswith("opération du 28/01/2026")
    assert before.entry.digest == after.entry.digest


WAITING = ClassifiedVat(rate="20", base_cents=100_00, vat_cents=20_00, regime="domestic", waits_for="delivery")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"vat": (WAITING,)}, "delivery_date_missing"),
    ],
)
def test_what_cannot_be_booked_whole_is_held(changes: dict[str, Any], reason: str):
    """Goal: nothing is booked in part. Case: VAT deducted on a delivery nobody knows of (decision 0085)."""
    hold = judge(invoice(**changes), []).hold
    assert hold is not None
    assert reason == hold.reason
