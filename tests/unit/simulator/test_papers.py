"""What each layout prints, read by PDFium and compared with literal text: nothing here knows the fetcher's reader."""

import re
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pypdfium2  # pyright: ignore[reportMissingTypeStubs]
import pytest

from deploy.local.amazon.amounts import Tax
from deploy.local.amazon.catalogue import Product
from deploy.local.amazon.papers import Item, Kind, Language, Layout, Order, Paper, PaperTruth, consolidated
from deploy.local.amazon.parties import (
    AMAZON_BRANCH,
    BUYER,
    CHINESE,
    CRAFTSMAN,
    GERMAN,
    IRISH,
    OVERSEAS_BUYER,
    SPANISH,
    STATIONER,
    Party,
)
from deploy.local.amazon.rendering import render
from tests.unit.simulator.pages import missing, pages_of

DESK = Product("Bureau d'angle", "56101703", 100_000, Decimal(20), (), 1, 1, "Eckschreibtisch", "Corner desk")
BOOK = Product("Code de commerce", "55101509", 4_000, Decimal("5.5"), (), 1, 1, "Handelsgesetzbuch", "Commercial code")
DESKS = Item("11111111111111", DESK, 2, 100_000, shipping_cents=500, discount_cents=-5_000, gift_wrap_cents=250)
BOOKS = Item("22222222222222", BOOK, 3, 4_000)
"""2 desks: 2,000.00 + 5.00 + 2.50 - 50.00 = 1,957.50 and 20 % of it 391.50; 3 books: 120.00 and 5.5 % of it 6.60."""

INVOICE = Paper(
    kind=Kind.INVOICE,
    number="N-2026-0042",
    issued_at=datetime(2026, 3, 12, 15, 30, tzinfo=UTC),
    seller=STATIONER,
    buyer=BUYER,
    order=Order("402-0000001-0000002", datetime(2026, 3, 9, 8, tzinfo=UTC)),
    shipment_id="DaBcDeFgH",
    shipped_at=datetime(2026, 3, 11, 18, tzinfo=UTC),
    items=(DESKS, BOOKS),
    layout=Layout.DRAWN_BY_AMAZON,
)


def drawn(layout: Layout, seller: Party, language: Language = Language.FRENCH) -> Paper:
    """The invoice above in a layout."""
    return replace(INVOICE, layout=layout, seller=seller, language=language)


def credit_note(invoice: Paper) -> Paper:
    """The books of an invoice come back on 1 April."""
    issued_at = datetime(2026, 4, 1, 9, tzinfo=UTC)
    return replace(invoice, kind=Kind.CREDIT_NOTE, number="C-2026-0007", issued_at=issued_at, items=(BOOKS,), credits=invoice)


def text_of(paper: Paper) -> str:
    """All pages of a document."""
    return "\n".join(pages_of(render(paper), paper.password))


def named(one: object) -> str:
    """A case by its layout and language."""
    return f"{one.layout} {one.language}" if isinstance(one, Paper) else ""


PRINTED = [
    (
        drawn(Layout.AMAZON_BRANCH, AMAZON_BRANCH),
        ["FACTURE", "12 mars 2026", "2 077,50 €", "398,10 €", "2 475,60 €", "20 %", "1 957,50 €", "5,5 %", "6,60 €", "Remise", "-50,00 €"],
        ["AVOIR", "Avoir sur facture N° N-2026-0042 du 12 mars 2026", "1er avril 2026", "-120,00 €", "-6,60 €", "-126,60 €"],
    ),
    (
        drawn(Layout.DRAWN_BY_AMAZON, STATIONER),
        ["établi par Amazon au nom et pour le compte de Papeterie des Trois Ormes SARL", "12/03/2026", "2 475,60 €", "Frais de livraison"],
        ["Avoir sur facture N° N-2026-0042 du 12/03/2026", "01/04/2026", "Total TTC 126,60 €"],
    ),
    (
        drawn(Layout.SELLERS_OWN, STATIONER),
        ["FACTURE DE VENTE", "12/03/2026", "Total H.T. 2 077,50 €", "T.V.A. 398,10 €", "Net à payer TTC 2 475,60 €", "2 349,00 €"],
        ["AVOIR CLIENT", "Avoir relatif à la facture N-2026-0042 du 12/03/2026", "Net à payer TTC 126,60 €"],
    ),
    (
        drawn(Layout.SELLERS_OWN, SPANISH, Language.ENGLISH),
        [
            "INVOICE",
            "March 12, 2026",
            "Subtotal €2,077.50",
            "VAT €398.10",
            "Grand total €2,475.60",
            "Corner desk",
            "VAT reg. no.: ESB67184028",
        ],
        ["CREDIT NOTE", "Relates to invoice N-2026-0042 dated March 12, 2026", "April 1, 2026", "Grand total €126.60"],
    ),
    (
        drawn(Layout.SELLERS_OWN, GERMAN, Language.GERMAN),
        [
            "Rechnung N-2026-0042",
            "12.03.2026",
            "2.077,50 €",
            "20 % MwSt. auf 1.957,50 €",
            "391,50 €",
            "brutto 2.475,60 €",
            "USt-ID: DE813470268",
        ],
        ["Rechnungskorrektur C-2026-0007", "Korrektur zu Rechnung N-2026-0042 vom 12.03.2026", "01.04.2026", "brutto -126,60 €"],
    ),
    (
        drawn(Layout.SMALL_BUSINESS, CRAFTSMAN),
        ["Émise le : 12 mars 2026", "Net à payer 2 077,50 €", "TVA non applicable, art. 293 B du CGI"],
        ["Facture d'avoir", "facture n° N-2026-0042 du 12 mars 2026", "Net à payer 120,00 €", "TVA non applicable, art. 293 B du CGI"],
    ),
    (
        drawn(Layout.REVERSE_CHARGE, GERMAN),
        ["12-03-2026", "Total hors taxe 2 077,50 EUR", "TVA Autoliquidation", "Somme à payer 2 077,50 EUR", "283-1", "DE813470268"],
        ["Note de crédit", "En rectification de la facture N-2026-0042 du 12-03-2026", "Somme à payer 120,00 EUR", "Autoliquidation"],
    ),
    (
        drawn(Layout.INTRA_EU, IRISH, Language.ENGLISH),
        [
            "2026-03-12",
            "Total due EUR 2,077.50",
            "exempt intra-Community supply",
            "Article 138",
            "VAT ID: IE3417205VH",
            "VAT ID: FR68906550314",
        ],
        ["Credit note to invoice no. N-2026-0042 of 2026-03-12", "Total due EUR -120.00"],
    ),
    (
        drawn(Layout.INTRA_EU, GERMAN, Language.GERMAN),
        ["12.03.2026", "Gesamtbetrag 2.077,50 €", "Steuerfreie innergemeinschaftliche Lieferung gemäß Art. 138", "Eckschreibtisch"],
        ["Gutschrift zur Rechnung Nr. N-2026-0042 vom 12.03.2026", "Gesamtbetrag -120,00 €"],
    ),
    (
        drawn(Layout.INTRA_EU, SPANISH),
        ["12.03.2026", "Total TTC 2 077,50 €", "Exonération de TVA, article 262 ter I du CGI", "Bureau d'angle"],
        ["Note de crédit", "Concerne la facture n° N-2026-0042 du 12.03.2026", "Total TTC -120,00 €"],
    ),
    (
        drawn(Layout.RECEIPT, CHINESE, Language.ENGLISH),
        ["Order receipt", "March 12, 2026", "Total amount EUR 2,077.50", "not an invoice", "No VAT can be deducted"],
        ["Refund receipt", "Refund for receipt N-2026-0042 of March 12, 2026", "Total amount EUR -120.00"],
    ),
    (
        drawn(Layout.RECEIPT, CHINESE),
        ["Reçu", "12/03/2026", "Montant total 2 077,50 €", "n'est pas une facture"],
        ["Reçu de remboursement", "Remboursement du reçu N° N-2026-0042 du 12/03/2026", "Montant total -120,00 €"],
    ),
    (
        consolidated([drawn(Layout.AMAZON_BRANCH, AMAZON_BRANCH)], "N-2026-0042", INVOICE.issued_at),
        ["FACTURE RÉCAPITULATIVE", "12 mars 2026", "Commande 402-0000001-0000002 du 9 mars 2026 - Expédition DaBcDeFgH du 11 mars 2026"],
        ["AVOIR RÉCAPITULATIF", "Avoir sur facture N° N-2026-0042 du 12 mars 2026", "Montant total TTC -126,60 €"],
    ),
]


@pytest.mark.parametrize(
    ("paper", "invoiced", "credited"), PRINTED, ids=lambda one: f"{one.layout} {one.language}" if isinstance(one, Paper) else ""
)
def test_each_layout_prints_in_its_own_way(paper: Paper, invoiced: list[str], credited: list[str]):
    """
    invoice of 12 March: 1,957.50 at 20 %, 120.00 at 5.5 %, together 2,077.50 + 398.10; outside VAT 2,077.50 alone
    credit note of 1 April for the books: 120.00 + 6.60, negative or positive as the layout has it
    """
    parties = (paper.seller.name, BUYER.name, "402-0000001-0000002")
    assert [] == missing(text_of(paper), "N-2026-0042", *parties, *invoiced), text_of(paper)
    assert [] == missing(text_of(credit_note(paper)), "C-2026-0007", *parties, *credited), text_of(credit_note(paper))


def test_truth_of_an_invoice():
    """Literal, field by field."""
    assert (
        PaperTruth(
            number="N-2026-0042",
            type="invoice",
            date=date(2026, 3, 12),
            seller="Papeterie des Trois Ormes SARL",
            seller_vat_number="FR35903172666",
            buyer_vat_number="FR68906550314",
            currency="EUR",
            net_cents=2077_50,
            vat_cents=398_10,
            gross_cents=2475_60,
            taxes=(Tax(Decimal(20), 1957_50, 391_50), Tax(Decimal("5.5"), 120_00, 6_60)),
            mentions=(),
            credited_number=None,
            has_text=True,
        )
        == INVOICE.truth()
    )


@pytest.mark.parametrize(
    ("paper", "kind", "mentions", "seller_vat_number", "buyer_vat_number"),
    [
        (drawn(Layout.SMALL_BUSINESS, CRAFTSMAN), "invoice", ("small_business_exempt",), None, None),
        (drawn(Layout.REVERSE_CHARGE, GERMAN), "invoice", ("reverse_charge",), "DE813470268", "FR68906550314"),
        (drawn(Layout.INTRA_EU, IRISH), "invoice", ("intra_eu_supply",), "IE3417205VH", "FR68906550314"),
        (drawn(Layout.RECEIPT, CHINESE), "receipt", ("not_a_vat_invoice",), None, None),
        (credit_note(drawn(Layout.RECEIPT, CHINESE)), "credit_note", ("not_a_vat_invoice",), None, None),
    ],
)
def test_truth_outside_vat(paper: Paper, kind: str, mentions: tuple[str, ...], seller_vat_number: str | None, buyer_vat_number: str | None):
    """Net is gross, the one rate is zero; and no VAT number is printed that the truth does not hold."""
    truth = paper.truth()
    assert (kind, mentions, seller_vat_number, buyer_vat_number) == (
        truth.type,
        truth.mentions,
        truth.seller_vat_number,
        truth.buyer_vat_number,
    )
    assert (truth.net_cents, 0, (Tax(Decimal(0), truth.net_cents, 0),)) == (truth.gross_cents, truth.vat_cents, truth.taxes)
    assert {seller_vat_number, buyer_vat_number} - {None} == set(re.findall(r"\b[A-Z]{2}[0-9B][0-9]{6,10}[A-Z]{0,2}\b", text_of(paper)))


def test_overseas_rates():
    """Delivered to La Réunion: 8.5 for 20, 2.1 for 5.5 (CGI 296)."""
    paper = replace(INVOICE, buyer=OVERSEAS_BUYER)
    assert (Tax(Decimal("8.5"), 1957_50, 166_39), Tax(Decimal("2.1"), 120_00, 2_52)) == paper.taxes
    assert [] == missing(text_of(paper), "8,5 %", "166,39 €", "2,1 %", "2,52 €", "Total TTC 2 246,41 €", "97400 Saint-Denis")


def test_many_lines_take_several_pages():
    """40 lines: the second page is headed by the number, the totals stand on the last, pages are counted; one page is not."""
    pages = pages_of(render(replace(INVOICE, items=(BOOKS,) * 40)))
    assert 3 == len(pages)
    assert ["1 / 3", "2 / 3", "3 / 3"] == [page.strip().rsplit("\n", 1)[-1] for page in pages]
    assert all(page.startswith("Facture - Facture N° : N-2026-0042") for page in pages[1:])
    assert [False, False, True] == ["Total TTC 5 064,00 €" in page for page in pages]
    assert "1 / 1" not in text_of(INVOICE)


def test_thirty_shipments_of_several_orders_on_one_invoice():
    """Each order and shipment with its subtotal; totals on the last of several pages; lines stay with their shipment."""
    orders = [replace(INVOICE.order, order_id=f"402-0000000-00000{rank:02d}") for rank in range(15)]
    branch = replace(INVOICE, seller=AMAZON_BRANCH)
    each = [replace(branch, shipment_id=f"DShip{rank:03d}", order=orders[rank // 2]) for rank in range(30)]
    paper = consolidated(each, "FR26M000001AEUI", datetime(2026, 4, 1, 3, tzinfo=UTC))
    pages = pages_of(render(paper))
    text = "\n".join(pages)
    assert len(pages) > 4
    assert 30 == text.count("Sous-total HT de l'expédition")
    assert [] == missing(text, *(one.shipment_id for one in each), *(one.order.order_id for one in each), "15, en 30 expéditions")
    assert [] == missing(pages[-1], "Total HT de la facture 62 325,00 €", "Montant total TTC 74 268,00 €")
    assert [(one.shipment_id, (DESKS, BOOKS)) for one in each] == [
        (parcel.shipment_id, items) for parcel, items in paper.parcels_with_items()
    ]


def test_a_scan_is_an_image_and_says_so():
    """Each page one picture, no character of text; the same bytes twice."""
    paper = replace(INVOICE, items=(BOOKS,) * 40, scanned=True)
    pdf = render(paper)
    document: Any = pypdfium2.PdfDocument(pdf)
    assert ["", "", ""] == pages_of(pdf)
    assert [["image"]] * 3 == [["image" if one.type == 3 else "other" for one in page.get_objects()] for page in document]
    assert pdf == render(paper)
    assert not paper.truth().has_text


def test_a_protected_pdf_needs_its_password():
    """Refused without and with another one; opened with its own; the same bytes twice."""
    paper = replace(INVOICE, password="ormes")
    pdf = render(paper)
    for wrong in (None, "chênes"):
        with pytest.raises(pypdfium2.PdfiumError, match="password"):
            pages_of(pdf, wrong)
    assert [] == missing(pages_of(pdf, "ormes")[0], "N-2026-0042", "Total TTC 2 475,60 €")
    assert pdf == render(paper)


@pytest.mark.parametrize(
    "changes",
    [
        {"layout": Layout.RECEIPT, "embedded_xml": True},
        {"password": "ormes", "embedded_xml": True},
        {"language": Language.GERMAN},
        {"layout": Layout.RECEIPT, "language": Language.GERMAN},
    ],
)
def test_what_no_document_can_be(changes: dict[str, Any]):
    """XML in a receipt or behind a password; a layout in a language it does not know."""
    with pytest.raises(ValueError, match=r"XML neither|is not written in"):
        replace(INVOICE, **changes)
