"""The made-up account: the same from one seed, as varied as promised, and printed as stated."""

import hashlib
import re
from collections import Counter
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pypdfium2  # pyright: ignore[reportMissingTypeStubs]
import pytest
from stdnum.fr import siren, tva

from deploy.local.amazon.amounts import vat_of
from deploy.local.amazon.facts import Document
from deploy.local.amazon.parties import BUYER, SELLERS
from deploy.local.amazon.rendering.wording import euros, long_date
from deploy.local.amazon.seeded import Recipe, seeded_world
from deploy.local.amazon.truth import truth_of
from deploy.local.amazon.world import World
from tests.unit.simulator.customer import START


@pytest.fixture(scope="module")
def world() -> World:
    """200 documents."""
    return seeded_world(Recipe(7, 200, START, BUYER))


def text_of(pdf: bytes) -> str:
    """The text layer of all pages, its no-break spaces as spaces."""
    document: Any = pypdfium2.PdfDocument(pdf)
    texts = [str(page.get_textpage().get_text_range()) for page in document]
    return "\n".join(texts).replace("\u00a0", " ").replace("\r\n", "\n")


def test_same_seed_same_account_and_same_bytes():
    """The whole truth with its hashes; another seed gives another one."""
    first, second, other = (truth_of(seeded_world(Recipe(seed, 24, START, BUYER))) for seed in (5, 5, 6))
    assert first == second
    assert first != other
    assert 24 == len({document["sha256"] for document in first})


def test_one_in_eight_is_a_credit_note_naming_an_invoice_of_its_order(world: World):
    """25 of 200; never more than was invoiced, never before it."""
    invoices = {document.number: document for document in world.documents if document.credited_number is None}
    notes = [document for document in world.documents if document.credited_number]
    assert (175, 25) == (len(invoices), len(notes))
    for note in notes:
        invoice = invoices[note.credited_number]
        assert (invoice.order_id, invoice.seller) == (note.order_id, note.seller)
        assert 0 < (note.gross_cents or 0) <= (invoice.gross_cents or 0)
        assert invoice.issued_at
        assert note.issued_at
        assert invoice.issued_at.date() < note.issued_at.date()


def test_everything_lies_in_the_25_days_before_the_start(world: World):
    """So that a first import collects all of it."""
    moments = [
        moment for document in world.documents for moment in (document.payment.happened_at, document.payment.fed_at, document.issued_at)
    ]
    assert START - timedelta(days=25) < min(moment for moment in moments if moment)
    assert START - timedelta(minutes=10) > max(moment for moment in moments if moment)


def test_the_account_is_varied(world: World):
    """Three sellers, both rates alone and together, several invoices on an order, shipping, discounts, one item above 500 EUR."""
    rates = Counter(tuple(str(tax.rate) for tax in document.taxes or ()) for document in world.documents)
    lines = [line for document in world.documents for line in document.lines]
    per_order = Counter(document.order_id for document in world.documents if document.credited_number is None)
    assert {seller.name for seller in SELLERS.values()} == {document.seller for document in world.documents}
    assert {("20",), ("5.5",), ("20", "5.5")} == set(rates)
    assert {1, 2, 3} == set(per_order.values())
    assert {1, 2, 3, 4, 5, 6} == {len(document.lines) for document in world.documents}
    assert [line for line in lines if line.shipping_cents]
    assert [line for line in lines if (line.discount_cents or 0) < 0]
    assert [line for line in lines if line.unit_price and float(line.unit_price) > 500]
    assert all(line.unspsc and re.fullmatch(r"\d{8}", line.unspsc) for line in lines)


def test_numbers_are_unique_and_follow_each_seller(world: World):
    """Amazon's branch numbers otherwise than its service for sellers does."""
    numbers = [document.number or "" for document in world.documents]
    assert len(numbers) == len(set(numbers))
    assert all(re.fullmatch(r"FR\d{9}AEU[IC]|(INV|CN)-FR-\d{9}-\d{4}-\d+", number) for number in numbers)


def test_identity_numbers_have_valid_check_digits():
    """SIREN (Luhn) and VAT number of the buyer and of each seller."""
    for party in (BUYER, *SELLERS.values()):
        assert party.siren == siren.validate(party.siren)
        assert party.vat_number == f"FR{tva.validate(party.vat_number or '')}"


def test_vat_is_that_of_each_base(world: World):
    """VAT once per rate, half a cent up, and the totals are its sums; the lines carry the same VAT."""
    for document in world.documents:
        taxes = document.taxes or ()
        assert [vat_of(tax.base_cents, tax.rate) for tax in taxes] == [tax.vat_cents for tax in taxes]
        assert document.net_cents == sum(tax.base_cents for tax in taxes)
        assert document.gross_cents == (document.net_cents or 0) + sum(tax.vat_cents for tax in taxes)
        assert document.vat_cents == sum(line.vat_cents or 0 for line in document.lines)


@pytest.mark.parametrize(("base", "rate", "vat"), [(1010, "5.5", 56), (1000, "5.5", 55), (12, "20", 2), (13, "20", 3), (10, "5.5", 1)])
def test_vat_rounds_half_a_cent_up(base: int, rate: str, vat: int):
    """55.55 → 56, 2.4 → 2, 2.6 → 3, 0.55 → 1."""
    assert vat == vat_of(base, Decimal(rate))


def printed(document: Document) -> list[str]:
    """What the page must say: number, date, order, identities and the three totals."""
    assert document.issued_at
    assert document.seller
    branch = document.seller.startswith("Amazon")
    sign = -1 if branch and document.credited_number else 1
    totals = zip(("Total HT", "Total TVA", "Total TTC"), (document.net_cents, document.vat_cents, document.gross_cents), strict=True)
    return [
        str(document.number),
        long_date(document.issued_at.date()) if branch else f"{document.issued_at:%d/%m/%Y}",
        document.order_id,
        document.seller,
        f"N° TVA : {document.seller_vat_number}",
        f"N° TVA : {BUYER.vat_number}",
        *(f"{label} {euros(sign * (cents or 0))}".replace("\u00a0", " ") for label, cents in totals),
        *([f"Avoir sur facture N° {document.credited_number}"] if document.credited_number else []),
    ]


def test_every_page_prints_what_is_stated(world: World):
    """The text layer of each PDF; long dates and negative credits on the branch's, short dates and positive credits on the sellers'."""
    for document in world.documents:
        text = text_of(document.pdf())
        assert [] == [words for words in printed(document) if words not in text], text
        assert "AVOIR" in text.upper() if document.credited_number else "FACTURE" in text.upper()


def test_hash_of_the_truth_is_that_of_the_bytes(world: World):
    """Rendered again, the bytes are the same."""
    for document, truth in list(zip(world.documents, truth_of(world), strict=True))[:20]:
        assert truth["sha256"] == hashlib.sha256(document.pdf()).hexdigest()


@pytest.mark.parametrize(("cents", "text"), [(5, "0,05 €"), (123456, "1 234,56 €"), (-7890, "-78,90 €"), (123456789, "1 234 567,89 €")])
def test_euros_in_french_typography(cents: int, text: str):
    """No-break spaces between thousands and before the sign."""
    assert text == euros(cents).replace("\u00a0", " ")
