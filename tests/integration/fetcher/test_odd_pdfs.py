"""PDFs that cannot be read, or not without harm: each is kept, said with what Amazon knows, and held in words a person can act on."""

import json
from pathlib import Path

import pytest

from schemas.classification_held.v1 import ClassificationHeld
from schemas.invoice_collected.v1 import InvoiceCollected
from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.domain.classification import classify
from services.fetcher.adapters.reader_apart import ReaderApart
from tests.integration.fetcher.place import Place, acme
from tests.integration.fetcher.scripted import Scripted, charge, collect_of, detail
from tests.unit.fetcher.hostile import LAUGHS, OUTSIDE, book, laughing_forms, unsayable
from tests.unit.fetcher.test_evidence_pdf import LINES, page_pdf, with_attachment, xml

BOMB, PEEPHOLE = (doctype + xml(number="&a40;").split(b"?>", 1)[1] for doctype in (LAUGHS, OUTSIDE))


def invoice(number: str) -> bytes:
    """An ordinary invoice over 120 €."""
    return page_pdf(f"FACTURE N° {number}", "Date : 12/11/2026", *LINES[2:])


PDFS = {
    "FR-0": page_pdf(*LINES)[:300],
    "FR-1": b"%PDF-1.7",
    "FR-2": page_pdf(*LINES, password="secret"),
    "FR-3": page_pdf(),
    "FR-4": laughing_forms(7),
    "FR-5": book(200, "FR-5"),
    "FR-6": with_attachment(invoice("FR-6"), "factur-x.xml", BOMB),
    "FR-7": with_attachment(invoice("FR-7"), "factur-x.xml", PEEPHOLE),
    "FR-8": unsayable("FR-8"),
}
"""By the number that Amazon's API states: torn, nothing but a header, with a password, a blank scan, a bomb of forms, a book, and worse."""

EXPECTED = {
    "FR-0": ("none", "corrupt", "document_unreadable"),
    "FR-1": ("none", "corrupt", "document_unreadable"),
    "FR-2": ("none", "encrypted", "document_unreadable"),
    "FR-3": ("none", "no_text", "document_unreadable"),
    "FR-4": ("none", "too_heavy", "document_unreadable"),
    "FR-5": ("text", None, "document_contradicts_order"),
    "FR-6": ("text", None, "document_contradicts_order"),
    "FR-7": ("text", None, "document_contradicts_order"),
    "FR-8": ("text", None, "totals_missing"),
}
"""How it was read, why not, why it is held."""


@pytest.fixture
def account() -> Scripted:
    """An order of 12 € for each; each PDF comes for its order, and for its number."""
    orders = {number: f"171-{place:07}-0000001" for place, number in enumerate(PDFS, 1)}
    charges = [charge(f"L-{number}", order) for number, order in orders.items()]
    details = {f"L-{number}": [detail(number)] for number in orders}
    return Scripted(charges, details, {orders[number]: pdf for number, pdf in PDFS.items()} | PDFS)


def held(collected: InvoiceCollected) -> ClassificationHeld:
    """The classifier's answer, which is a hold."""
    answer = classify(collected, read_rulebook())
    assert isinstance(answer, ClassificationHeld)
    return answer


def test_no_pdf_stops_a_run_and_none_is_lost(place: Place, account: Scripted) -> None:
    """
    nine orders, nine odd PDFs, a reader of 10 seconds and 400 MB
    nine events, in one run that waits for nothing; each PDF under its hash; each held with a sentence and a next action
    the five that tell no number are asked for by it too; the next day none is asked for again
    """
    place.enter(acme())
    place.browser().connect("Atelier Lumière SAS")
    reader = ReaderApart(most_seconds=10, most_bytes=400 * 1024**2)
    collect_of(place, account, reader)(place.runs()[0])
    events = [InvoiceCollected.model_validate_json(json.dumps(data)) for _, _, data in place.said("invoice.collected")]
    said = {one.stated.number.value: one for one in events if one.stated.number}
    answers = {number: held(collected) for number, collected in said.items()}
    read = {number: (one.evidence.reading, one.evidence.unreadable, answers[number].reason) for number, one in said.items()}
    assert EXPECTED == read
    assert PDFS == {number: kept(place, one) for number, one in said.items()}
    assert {(1200,)} == {tuple(charge.total_cents for charge in one.stated.charges) for one in said.values()}
    assert [(9, [])] == [(data["emitted"], data["waiting"]) for _, _, data in place.said("collection.finished")]
    unreadable = answers["FR-4"]
    assert (
        "Le document ne contient pas de texte lisible\N{NO-BREAK SPACE}; seules les données d’Amazon sont connues." == unreadable.sentence
    )
    assert "Ouvrir le PDF et saisir la facture, ou demander un document lisible au vendeur." == unreadable.next_action
    collect_of(place, account, reader)(place.start_daily_run("2026-11-24"))
    reader.close()
    assert (14, 9) == (len(account.asked), len(place.said("invoice.collected")))


def kept(place: Place, collected: InvoiceCollected) -> bytes:
    """The bytes that the event's claim check leads to."""
    return Path(place.folder, "documents", collected.document.object_key).read_bytes()
