"""Records in, the book as it stands after: first booking, repeats, revisions, conflicts, poison, other owners."""

from dataclasses import replace
from datetime import date

import pytest

from schemas.collection_finished.v1 import CollectionFinished
from schemas.invoice_classified.v1 import InvoiceClassified
from services.kernel.envelope import Headers, Outgoing, deliver, encode
from services.kernel.errors import MarkerRefused, Unavailable
from services.ledger.adapters.positions import Fenced
from services.ledger.domain import posting
from tests.integration.ledger.shelf import PARTITION, TOPIC, TYPES, Broker, Shelf, event
from tests.unit.ledger.documents import held, invoice, pdf

OUTCOMES = "select invoice_id, version, revision, outcome, hold_reason from ledger.invoice order by invoice_id, version"


def test_a_classified_invoice_becomes_a_balanced_entry_to_process(shelf: Shelf):
    shelf.receive(event(invoice()))
    assert [
        ("606400", None, 100_00, 0, None),
        ("445660", None, 20_00, 0, "20"),
        ("401000", "AMAZON", 0, 120_00, None),
    ] == shelf.ask("select account, auxiliary, debit_cents, credit_cents, vat_rate from ledger.line order by n")
    assert [("AC", date(2026, 3, 10), "FR-1")] == shelf.ask("select journal, entry_date, piece_ref from ledger.entry")
    assert [("C-1", True)] == shelf.ask("select company_id, entry_id in (select entry_id from ledger.entry) from ledger.todo")


def test_a_company_seen_first_gets_its_book_its_chart_and_the_year(shelf: Shelf):
    shelf.receive(event(invoice()))
    assert [("C-1", PARTITION)] == shelf.ask("select company_id, book from ledger.company")
    assert [("TVA sur autres biens et services",)] == shelf.ask(
        "select label from ledger.account where company_id = 'C-1' and code = '445660'"
    )
    assert [(2026, date(2026, 1, 1), date(2026, 12, 31), date(2025, 12, 31))] == shelf.ask(
        "select fy, starts, ends, closed_through from ledger.fiscal_year"
    )


def test_a_held_document_is_in_the_book_without_an_entry(shelf: Shelf):
    shelf.receive(event(held()), event(invoice(invoice_id="I-2", currency="GBP")))
    assert [("I-1", 1, 1, "held", "issue_date_missing"), ("I-2", 1, 1, "held", "no_rate")] == shelf.ask(OUTCOMES)
    assert [] == shelf.ask("select entry_id from ledger.entry")


def test_documents_before_the_cut_over_or_of_a_closed_year_are_archived(shelf: Shelf):
    shelf.receive(event(invoice()))
    shelf.tamper("update ledger.fiscal_year set closed_through = ends")
    old = invoice(invoice_id="I-2", issue_date=date(2025, 12, 31))  # SETTINGS.cut_over is 1 January 2026
    late = invoice(invoice_id="I-3", issue_date=date(2026, 5, 2))
    shelf.receive(event(old), event(late))
    assert [
        ("I-1", 1, 1, "recorded", None),
        ("I-2", 1, 1, "archived", None),
        ("I-3", 1, 1, "archived", None),
    ] == shelf.ask(OUTCOMES)


def test_a_document_that_nets_to_zero_is_kept_without_entry(shelf: Shelf):
    shelf.receive(event(invoice([("606400", 10_00, "20"), ("606400", -10_00, "20")])))
    assert [("I-1", 1, 1, "no_entry", None)] == shelf.ask(OUTCOMES)


def test_records_below_the_stored_offset_are_dropped(shelf: Shelf):
    arrived = shelf.receive(event(invoice()), event(invoice(invoice_id="I-2")))
    shelf.receive(*arrived, event(invoice(invoice_id="I-3")))
    assert [("I-1",), ("I-2",), ("I-3",)] == shelf.ask("select invoice_id from ledger.entry order by entry_id")
    assert [(0, 2), (2, 3)] == shelf.ask("select from_offset, next_offset from ledger.batch order by batch_id")


def test_the_same_event_at_another_offset_and_another_event_that_says_the_same_change_nothing(shelf: Shelf):
    shelf.receive(event(invoice()), event(invoice()))
    shelf.receive(event(invoice()), event(invoice(rulebook_version="r2"), n=2))
    assert [("I-1", 1, 1, "recorded", None)] == shelf.ask(OUTCOMES)


def test_a_higher_revision_with_the_same_posting_brings_facts_only(shelf: Shelf):
    shelf.receive(event(invoice()))
    shelf.receive(event(invoice(revision=2, orders=("406-1", "406-2")), n=2))
    assert [("I-1", 1, 1, "recorded", None), ("I-1", 2, 2, "recorded", None)] == shelf.ask(OUTCOMES)
    assert [(1,)] == shelf.ask("select count(distinct entry_id) from ledger.invoice")
    assert [(1,)] == shelf.ask("select count(*) from ledger.entry")


def test_a_revision_with_another_posting_is_held_as_a_conflict_and_the_first_entry_stands(shelf: Shelf):
    shelf.receive(event(invoice()), event(invoice([("606300", 100_00, "20")], revision=2), n=2))
    shelf.receive(event(invoice([("606300", 100_00, "20")], rulebook_version="r3"), n=3))
    assert [
        ("I-1", 1, 1, "recorded", None),
        ("I-1", 2, 2, "held", "conflict"),
    ] == shelf.ask(OUTCOMES)
    assert [("606400",)] == shelf.ask("select account[1] from ledger.entry")
    assert [(1, 2)] == shelf.ask("select count(distinct entry_id), count(entry_id) from ledger.invoice")


def test_the_same_revision_with_another_posting_is_a_conflict_too(shelf: Shelf):
    shelf.receive(event(invoice()))
    shelf.receive(event(invoice([("606300", 100_00, "20")], rulebook_version="r2"), n=2))
    assert [("I-1", 1, 1, "recorded", None), ("I-1", 2, 1, "held", "conflict")] == shelf.ask(OUTCOMES)


def test_a_revision_lower_than_the_highest_seen_is_never_booked(shelf: Shelf):
    shelf.receive(event(held(revision=3)))
    late = event(invoice(revision=2), n=2)
    shelf.receive(late, late)
    shelf.receive(late)
    assert [("I-1", 1, 3, "held", "issue_date_missing")] == shelf.ask(OUTCOMES)
    assert [("I-1", 2, 3, "FR-1", late.id)] == shelf.ask(
        "select invoice_id, revision, highest, facts ->> 'number', event_id from ledger.overtaken"
    )


def test_an_older_revision_with_the_same_content_is_a_duplicate_and_needs_no_note(shelf: Shelf):
    shelf.receive(event(invoice()), event(invoice(revision=2), n=2))
    shelf.receive(event(invoice(rulebook_version="r2"), n=3, run=("R-1", 1)))
    assert [("duplicate",)] == shelf.ask("select kind from ledger.outcome")
    assert [] == shelf.ask("select invoice_id from ledger.overtaken")


def test_a_pdf_that_stands_under_another_invoice_is_held(shelf: Shelf):
    """
    one PDF under three ids of company C-1 (two in one batch) and one of C-2
      the first stands, the others of C-1 are held, also at their next revision; the first may have a next revision
    """
    same = pdf("one")
    shelf.receive(event(invoice(document=same)), event(invoice(invoice_id="I-2", number="FR-2", document=same)))
    shelf.receive(event(invoice(invoice_id="I-3", document=same)), event(invoice(company_id="C-2", document=same)))
    shelf.receive(event(invoice(invoice_id="I-2", revision=2, document=same), n=2), event(invoice(revision=2, document=same), n=2))
    assert [
        ("C-1", "I-1", 1, "recorded", None),
        ("C-1", "I-1", 2, "recorded", None),
        ("C-1", "I-2", 1, "held", "same_document"),
        ("C-1", "I-2", 2, "held", "same_document"),
        ("C-1", "I-3", 1, "held", "same_document"),
        ("C-2", "I-1", 1, "recorded", None),
    ] == shelf.ask("select company_id, invoice_id, revision, outcome, hold_reason from ledger.invoice order by 1, 2, 3")
    assert [(2,)] == shelf.ask("select count(*) from ledger.entry")


def test_a_pdf_that_a_person_calls_another_invoice_s_too_is_booked(shelf: Shelf):
    """
    one PDF under two ids; the second is held, and said again with the decision inside: booked, flagged, never by itself validated
      the same decision again says nothing new; the first keeps its entry
    """
    same, flags = pdf("one"), ("hold_lifted",)
    shelf.receive(event(invoice(document=same)), event(invoice(invoice_id="I-2", number="FR-2", document=same)))
    lifted = event(invoice(invoice_id="I-2", number="FR-2", revision=2, document=same, lifted=("same_document",), flags=flags), n=2)
    shelf.receive(lifted)
    shelf.receive(lifted)
    assert [
        ("I-1", 1, 1, "recorded", None),
        ("I-2", 1, 1, "held", "same_document"),
        ("I-2", 2, 2, "recorded", None),
    ] == shelf.ask(OUTCOMES)
    assert [("I-1", 1), ("I-2", 2)] == shelf.ask("select invoice_id, revision from ledger.entry order by entry_id")
    assert [(["hold_lifted"],)] == shelf.ask("select facts -> 'flags' from ledger.invoice where version = 2")


def test_an_invoice_whose_pdf_becomes_anothers_keeps_its_entry_and_is_held(shelf: Shelf):
    shelf.receive(event(invoice()), event(invoice(invoice_id="I-2")))
    shelf.receive(event(invoice(invoice_id="I-2", revision=2, document=pdf("I-1")), n=2))
    assert [("I-1", 1, 1, "recorded", None), ("I-2", 1, 1, "recorded", None), ("I-2", 2, 2, "held", "same_document")] == shelf.ask(OUTCOMES)
    assert [(True,)] == shelf.ask("select entry_id is not null from ledger.invoice where version = 2")


def test_a_lifted_hold_is_booked_under_the_same_revision(shelf: Shelf):
    shelf.receive(event(held()))
    shelf.receive(event(invoice(), n=2))
    assert [("I-1", 1, 1, "held", "issue_date_missing"), ("I-1", 2, 1, "recorded", None)] == shelf.ask(OUTCOMES)


def test_what_cannot_be_decoded_is_parked_and_the_rest_is_booked(shelf: Shelf):
    good = encode(event(invoice()), TOPIC)
    shelf.receive(event(invoice(invoice_id="I-2")), replace(good, value=b"{"), event(invoice(invoice_id="I-3")))
    assert [("I-2",), ("I-3",)] == shelf.ask("select invoice_id from ledger.entry order by entry_id")
    assert [(b"C-1", b"{", "achats.parked.ledger.v1")] == shelf.ask("select key, value, topic from ledger.parked_record")


@pytest.mark.parametrize(
    "poison",
    [invoice([("606999", 100_00, "20")]), invoice(number="\t")],
    ids=["an account outside the chart", "a number that is empty in a book"],
)
def test_what_the_database_refuses_is_isolated_and_parked(shelf: Shelf, poison: InvoiceClassified):
    shelf.receive(event(invoice(invoice_id="I-2")), event(poison), event(invoice(invoice_id="I-3")))
    assert [("I-2",), ("I-3",)] == shelf.ask("select invoice_id from ledger.entry order by entry_id")
    assert [(1, 1, 3)] == shelf.ask(
        "select count(*), min(record_offset), (select max(next_offset) from ledger.batch) from ledger.parked_record"
    )


@pytest.mark.parametrize(
    "headers",
    [
        (("ce_type", CollectionFinished.ce_type.encode()), ("ce_companyid", b"C-1")),
        (("ce_type", b"achats.collection.finished.v2"), ("ce_companyid", b"C-1")),
        (("ce_type", b"\xff"), ("ce_companyid", b"C-1"), ("ce_runid", b"R-1")),
        (("ce_companyid", b"C-1"), ("ce_runid", b"R-1")),
    ],
    ids=["broken", "of another version", "of an unreadable type", "of no type"],
)
def test_a_marker_is_never_parked(shelf: Shelf, headers: Headers):
    with pytest.raises(MarkerRefused):
        shelf.receive(Outgoing(TOPIC, b"C-1", b"{", headers))
    assert [] == shelf.ask("select batch_id from ledger.batch")


def test_a_record_without_a_key_is_parked_and_announced_as_it_came(shelf: Shelf):
    shelf.receive(replace(encode(event(invoice(), run=("R-1", 1)), TOPIC), key=None), event(invoice(invoice_id="I-2")))
    assert [(None, "achats.parked.ledger.v1")] == shelf.ask("select key, topic from ledger.parked_record")
    broker = Broker()
    shelf.new_announcements().turn(100, broker.send)
    assert [None, b"C-1", b"C-1/I-2"] == [message.key for message in broker.messages]


def test_what_the_database_does_not_even_park_is_kept_without_its_headers(shelf: Shelf):
    """Case: a header whose name no text column takes."""
    shelf.receive(Outgoing(TOPIC, b"C-1", b"{", (("\x00", b"1"),)), event(invoice(invoice_id="I-2")))
    assert [(b"{", ["achats-parked"])] == shelf.ask("select value, header_names from ledger.parked_record")
    assert [("I-2",)] == shelf.ask("select invoice_id from ledger.entry")


def test_what_could_not_be_announced_is_parked_and_never_sealed(shelf: Shelf, monkeypatch: pytest.MonkeyPatch):
    """Case: a label longer than the contract of entry.recorded takes, as if posting had not cut it."""
    monkeypatch.setattr(posting, "LONGEST_TEXT", 2_000)
    shelf.receive(event(invoice(number="N" * 500)), event(invoice(invoice_id="I-2")))
    assert [("I-2",)] == shelf.ask("select invoice_id from ledger.entry")
    assert [(0,)] == shelf.ask("select record_offset from ledger.parked_record")


def test_the_longest_and_largest_document_is_booked_and_announced(shelf: Shelf):
    """Case: a number as long as its contract allows; a sum beyond what an amount may be is held."""
    huge = [("606400", 10**15, None), ("606400", 10**15, None), ("606300", -(10**15), None)]
    shelf.receive(event(invoice(number="N" * 500)), event(invoice(huge, invoice_id="I-2")))
    outcomes = shelf.ask("select outcome, hold_reason from ledger.invoice order by record_offset")
    assert [("recorded", None), ("held", "too_large_to_book")] == outcomes
    assert [(500,)] == shelf.ask("select length(label) from ledger.entry")
    assert 4 == shelf.new_announcements().turn(100, Broker().send)


def test_a_released_partition_is_left_to_its_new_owner(shelf: Shelf):
    shelf.keeper.positions.release(TOPIC, PARTITION)
    shelf.receive(event(invoice()))
    assert [] == shelf.ask("select batch_id from ledger.batch")


def test_a_hand_over_in_order_ends_no_session(shelf: Shelf):
    """The former owner goes on with its other partition, on the same session."""
    shelf.keeper.take(partition=4)
    shelf.receive(event(invoice()))
    shelf.receive(event(invoice(company_id="C-4")), partition=4)
    session = shelf.ask("select pid from ledger.kafka_position where partition = 4")
    shelf.keeper.positions.release(TOPIC, PARTITION)
    assert [(None, None)] == shelf.ask("select pid, started from ledger.kafka_position where partition = 3")
    assert 1 == shelf.new_keeper().take()
    shelf.receive(event(invoice(company_id="C-4", invoice_id="I-2")), partition=4)
    assert session == shelf.ask("select pid from ledger.kafka_position where partition = 4")
    assert [(3,)] == shelf.ask("select count(*) from ledger.entry")


def test_giving_up_what_another_has_taken_leaves_it_to_the_other(shelf: Shelf):
    """Lost without notice: the release comes after the successor took the partition, from a session that was ended."""
    successor = shelf.new_keeper()
    successor.take()
    shelf.keeper.positions.release(TOPIC, PARTITION)
    successor.keep([deliver(shelf.record(event(invoice())), TYPES)])
    assert [("I-1",)] == shelf.ask("select invoice_id from ledger.entry")


def test_the_next_owner_starts_where_the_book_stands_and_ends_the_frozen_session(shelf: Shelf):
    shelf.receive(event(invoice()), event(invoice(invoice_id="I-2")))
    successor = shelf.new_keeper()
    assert 2 == successor.take()
    arrived = shelf.record(event(invoice(invoice_id="I-3")))
    successor.keep([deliver(arrived, TYPES)])
    late = deliver(shelf.record(event(invoice(invoice_id="I-4"))), TYPES)
    with pytest.raises(Unavailable):
        shelf.keeper.keep([late])
    with pytest.raises(Fenced):
        shelf.keeper.keep([late])
    assert [("I-1",), ("I-2",), ("I-3",)] == shelf.ask("select invoice_id from ledger.entry order by entry_id")


def test_the_owner_on_a_new_session_goes_on(shelf: Shelf):
    shelf.receive(event(invoice()))
    shelf.ask("select pg_terminate_backend(pid, 5000) from ledger.kafka_position")
    late = deliver(shelf.record(event(invoice(invoice_id="I-2"))), TYPES)
    with pytest.raises(Unavailable):
        shelf.keeper.keep([late])
    shelf.keeper.keep([late])
    assert [("I-1",), ("I-2",)] == shelf.ask("select invoice_id from ledger.entry order by entry_id")
