"""Each PDF gets its number, and everything that waits says why."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.fetcher.domain import matching
from services.fetcher.domain.dossier import Dossier, is_lacking, whole_order
from services.fetcher.domain.matching import Matched, match
from services.fetcher.domain.records import Kind, Paper, StatedNumber
from services.fetcher.domain.settling import Sorted, settlement, waits_of
from services.fetcher.domain.waiting import Wait, Waiting
from services.fetcher.domain.wanting import Wanted
from tests.unit.fetcher.known import NOW, charged, dossier, paper, refunded, stated, undirected


def numbered(order: Dossier) -> list[tuple[str, str, str]]:
    """What was matched, as (first byte of the PDF, number, kind)."""
    return [(found.paper.document.sha256[0], found.number, found.kind.value) for found in match(order).numbered]


def waiting(order: Dossier, matched: Matched) -> list[Waiting]:
    """The reasons, in order."""
    return [wait.reason for wait in matching.waiting(order, matched, NOW)]


def test_the_printed_number_wins_over_the_place_in_the_list() -> None:
    """Two shipments, two PDFs, the API in the other order: each PDF keeps the number it prints."""
    order = dossier(
        (charged("L1", "S1"), charged("L2", "S2")),
        (stated("FR-2", "L2", "S2"), stated("FR-1", "L1", "S1")),
        (paper("FR-1", byte="a"), paper("FR-2", byte="b")),
    )
    assert [("a", "FR-1", "invoice"), ("b", "FR-2", "invoice")] == numbered(order)
    assert [] == waiting(order, match(order))


def test_a_number_is_spelled_as_the_api_spells_it() -> None:
    """The PDF prints spaces that the API does not have: it is the same number, so the same invoice."""
    order = dossier((charged(),), (stated("FR2601"),), (paper("fr 26 01"),))
    assert [("a", "FR2601", "invoice")] == numbered(order)


def test_an_unreadable_pdf_takes_no_number_though_one_is_left() -> None:
    """One PDF prints its number, the other nothing; the API has two: the scan may be of a third parcel, whose payment comes next week."""
    order = dossier(
        (charged("L1", "S1"), charged("L2", "S2")),
        (stated("FR-1", "L1", "S1"), stated("FR-2", "L2", "S2")),
        (paper("FR-1", byte="a"), paper(None, byte="b")),
    )
    assert [("a", "FR-1", "invoice")] == numbered(order)
    assert [("FR-2", Waiting.DOCUMENT_MISSING), ("", Waiting.NUMBER_UNKNOWN)] == [(wait.number, wait.reason) for wait in waiting_of(order)]


def test_no_pdf_stands_for_a_number_that_is_announced() -> None:
    """One parcel is paid and its number pending, of another only the PDF is there: the pending number still waits."""
    order = dossier((charged(pending=True),), (), (paper("FR-9"),))
    assert [Waiting.NUMBER_PENDING] == [wait.reason for wait in waiting_of(order)]


def test_two_unreadable_pdfs_get_no_number() -> None:
    """Two PDFs without number, two numbers without PDF: anything would be a guess."""
    order = dossier(
        (charged("L1", "S1"), charged("L2", "S2")),
        (stated("FR-1", "L1", "S1"), stated("FR-2", "L2", "S2")),
        (paper(None, byte="a"), paper(None, byte="b")),
    )
    assert [] == numbered(order)
    expected = [Waiting.DOCUMENT_MISSING, Waiting.DOCUMENT_MISSING, Waiting.NUMBER_UNKNOWN, Waiting.NUMBER_UNKNOWN]
    assert expected == waiting(order, match(order))


def test_an_unreadable_pdf_takes_no_number_while_another_is_not_known() -> None:
    """Two shipments, one number: the PDF may be the other one's, whose number Amazon still owes."""
    order = dossier((charged("L1", "S1"), charged("L2", "S2")), (stated("FR-1", "L1", "S1"),), (paper(None, byte="a"),))
    assert [] == numbered(order)


def test_a_pdf_keeps_the_number_it_was_given() -> None:
    """A scan took the one number there was. A credit note is numbered later, and its PDF is not there: the scan stays the invoice."""
    order = dossier(
        (charged(), refunded()),
        (stated("FR-1"), stated("CN-1", kind=Kind.CREDIT_NOTE)),
        (replace(paper(None, byte="a"), settled="FR-1"),),
    )
    assert [("a", "FR-1", "invoice")] == numbered(order)
    assert [Waiting.DOCUMENT_MISSING] == waiting(order, match(order))


def test_a_scan_that_came_again_in_other_bytes_takes_no_other_number() -> None:
    """The second PDF may be the first, uploaded again, or the credit note: nobody can tell, so it waits, and so does the number."""
    order = dossier(
        (charged(), refunded()),
        (stated("FR-1"), stated("CN-1", kind=Kind.CREDIT_NOTE)),
        (replace(paper(None, byte="a"), settled="FR-1"), paper(None, byte="b")),
    )
    assert [("a", "FR-1", "invoice")] == numbered(order)
    assert [Waiting.DOCUMENT_MISSING, Waiting.NUMBER_UNKNOWN] == waiting(order, match(order))


def test_a_pdf_of_another_order_stands_for_nothing() -> None:
    """It prints a number that the API gives for another order: the shipment whose number is not known waits all the same."""
    order = dossier((charged(),), (), (replace(paper("FR-9"), of_another=True),))
    assert [] == numbered(order)
    assert [Waiting.NUMBER_UNKNOWN] == waiting(order, match(order))


def test_a_number_is_late_by_its_own_shipment() -> None:
    """Six days ago one parcel, yesterday another of the same order: the seller of the first is late, that of the second is not."""
    lines = (replace(charged("L1", "S1"), moved_at=NOW - timedelta(days=6)), replace(charged("L2", "S2"), moved_at=NOW - timedelta(days=1)))
    order = dossier(lines, (stated("FR-1", "L1", "S1"), stated("FR-2", "L2", "S2")), ())
    assert [Waiting.SELLER_LATE, Waiting.DOCUMENT_MISSING] == waiting(order, match(order))


def test_a_pdf_that_came_by_mistake_excuses_nobody_for_ever() -> None:
    """A PDF of another order came for this one: said for five days, in which it is asked for again; then the seller is late."""
    papers = (replace(paper("FR-9"), of_another=True),)
    for days, reason in ((1, Waiting.DOCUMENT_OF_ANOTHER_ORDER), (6, Waiting.SELLER_LATE), (91, Waiting.DOCUMENT_NEVER_SUPPLIED)):
        order = dossier((replace(charged(), moved_at=NOW - timedelta(days=days)),), (stated("FR-1"),), papers)
        assert [reason] == waiting(order, match(order))


def test_a_pdf_that_was_given_a_number_of_another_order_is_not_this_one_s() -> None:
    """It came by mistake and says no number: it neither takes this order's number nor waits for one."""
    order = dossier((charged(),), (stated("FR-1"),), (replace(paper(None, byte="a"), settled="FR-9"),))
    assert [] == numbered(order)
    assert [Waiting.DOCUMENT_MISSING] == waiting(order, match(order))


def test_the_document_alone_is_enough() -> None:
    """The API answers null, the PDF prints its number: the document is final and nothing waits."""
    order = dossier((charged(),), (), (paper("FR-1"),))
    assert [("a", "FR-1", "invoice")] == numbered(order)
    assert [] == waiting(order, match(order))


def test_a_credit_note_is_one_by_the_api_or_by_its_own_text() -> None:
    """A known type of the API wins over a text that says nothing; a text alone is believed."""
    told = dossier((refunded(),), (stated("CN-1", kind=Kind.CREDIT_NOTE),), (paper("CN-1"),))
    printed = dossier((refunded(),), (), (paper("CN-2", "credit_note"),))
    assert [("a", "CN-1", "credit_note")] == numbered(told)
    assert [("a", "CN-2", "credit_note")] == numbered(printed)


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        pytest.param(dossier((charged(),), (stated("FR-1"),)), [Waiting.DOCUMENT_MISSING], id="number without document"),
        pytest.param(dossier((charged(),), (stated("FR-1"),), failed=True), [Waiting.DOCUMENT_FAILED], id="report failed"),
        pytest.param(dossier((charged(pending=True),)), [Waiting.NUMBER_PENDING], id="consolidated, not issued"),
        pytest.param(dossier((charged(),)), [Waiting.NUMBER_UNKNOWN], id="null from the API, no document"),
        pytest.param(dossier((charged("L1"), charged("L2"))), [Waiting.NUMBER_UNKNOWN], id="two lines of a shipment are one document"),
        pytest.param(
            dossier((charged("L1", "S1"), charged("L2", "S2")), (stated("FR-1", "L1", "S1"),), (paper("FR-1"),)),
            [Waiting.NUMBER_UNKNOWN],
            id="second shipment not answered",
        ),
        pytest.param(
            dossier((refunded(),), (stated("FR-1"),), (paper("FR-1"),)), [Waiting.NUMBER_UNKNOWN], id="refunded, no credit note yet"
        ),
        pytest.param(
            dossier((charged(),), (), (paper("XX-9", byte="b"), paper("FR-1"))), [], id="a stray PDF of another order waits for nothing"
        ),
    ],
)
def test_what_waits_says_why(order: Dossier, expected: list[Waiting]) -> None:
    """One reason for each document that is expected and not there."""
    assert expected == waiting(order, match(order))


def test_what_only_its_number_tells_is_asked_for_by_that_number() -> None:
    """Two PDFs say nothing, two numbers have none: each number is wanted by itself, from now on, once."""
    order = dossier(
        (charged("L1", "S1"), refunded("L2", "S2")),
        (stated("FR-1", "L1", "S1"), stated("CN-2", "L2", "S2", Kind.CREDIT_NOTE)),
        (paper(None, byte="a"), paper(None, byte="b")),
    )
    settled = settlement(Sorted(order, match(order)), waiting_of(order), NOW)
    assert settled is not None
    assert [("FR-1", Kind.INVOICE, NOW), ("CN-2", Kind.CREDIT_NOTE, NOW)] == [
        (one.number, one.kind, one.next_attempt_at) for one in settled.apart
    ]
    asked = replace(order, wants=settled.apart)
    again = settlement(Sorted(asked, match(asked)), waiting_of(asked), NOW)
    assert again is not None
    assert () == again.apart


def test_two_pdfs_of_a_document_that_is_held_back_are_one() -> None:
    """Both bear the number of a purchase of another legal entity: one thing waits, and nothing is asked for."""
    papers = (paper("FR-1", byte="a"), paper("FR-1", byte="b"))
    order = dossier((charged(),), (stated("FR-1"),), papers)
    held = [Wait(order.order_id, "FR-1", Waiting.OTHER_ENTITY, NOW, None)] * 2
    assert held[:1] == waits_of(Sorted(order, match(order)), held, NOW)
    assert not is_lacking(Wanted(order.order_id, "", NOW, 0, None, NOW), held)


@pytest.mark.parametrize(
    ("numbers", "papers", "expected"),
    [
        ((), (), [Waiting.NUMBER_UNKNOWN]),
        ((stated("FR-1"),), (), [Waiting.DOCUMENT_MISSING]),
        ((stated("CN-1", kind=Kind.CREDIT_NOTE),), (), [Waiting.DOCUMENT_MISSING]),
        ((stated("CN-1", kind=Kind.CREDIT_NOTE),), (paper("CN-1", "credit_note"),), []),
        ((), (paper("FR-1"),), []),
        ((), (paper("CN-1", "credit_note"),), []),
        ((), (paper(None),), [Waiting.NUMBER_UNKNOWN]),
    ],
)
def test_money_whose_direction_amazon_does_not_say_waits_for_one_document(
    numbers: tuple[StatedNumber, ...], papers: tuple[Paper, ...], expected: list[Waiting]
) -> None:
    """A transaction without a type: an invoice or a credit note, whichever comes; it is asked for until then, and never forgotten."""
    order = dossier((undirected(),), numbers, papers)
    waits = waiting_of(order)
    assert expected == [wait.reason for wait in waits]
    assert bool(expected) == is_lacking(Wanted(order.order_id, "", NOW, 0, None, NOW), waits)
    assert whole_order(order)


def test_a_credit_note_stands_for_the_refund_before_money_of_no_direction() -> None:
    """One shipment was refunded, of another nobody knows: of one credit note without a stated number, the refund takes it."""
    lines = (refunded("L1", "S1"), undirected("L2", "S2"))
    order = dossier(lines, (stated("FR-1", "L1", "S1"),), (paper("FR-1", byte="a"), paper("CN-1", "credit_note", byte="b")))
    assert [Waiting.NUMBER_UNKNOWN] == [wait.reason for wait in waiting_of(order)]


def waiting_of(order: Dossier) -> list[Wait]:
    """What of the order waits."""
    return matching.waiting(order, match(order), NOW)
