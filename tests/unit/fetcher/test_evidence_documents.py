"""Real documents of other people, from the folder in DOCUMENTS: the embedded XML or the page is the truth."""

import os
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any, cast

import pypdfium2
import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]
from pypdf import PdfReader as Pypdf

from schemas.invoice_collected.v1 import Evidence
from services.fetcher.adapters.pdf_reader import PdfReader, embedded_invoice
from services.fetcher.adapters.profile_rules import broken_rules

WITH_XML = (
    "en16931-Einfach",
    "en16931-Gutschrift",
    "en16931-Innergemeinschaftliche_Lieferungen",
    "en16931-Rabatte",
    "extended-Fremdwaehrung",
    "fnfe-Avoir_FR_type381_BASIC",
    "fnfe-Facture_DOM_BASICWL",
    "fnfe-Facture_FR_BASICWL",
    "fnfe-Facture_UE_MINIMUM",
)
BREAKS = {
    "en16931-Rabatte": {"PEPPOL-EN16931-R008"},
    "extended-Fremdwaehrung": {"FX-SCH-A-000704", "FX-SCH-A-000973", "FX-SCH-A-001137"},
    "fnfe-Avoir_FR_type381_BASIC": {"FX-SCH-A-000026", "FX-SCH-A-000372"},
}
"""Rules of their own profile that three of them break: empty elements (R008 and 000372, warnings of EN 16931), codes and schemes that are
in no list (000026, 000704, 000973, 001137). None of them is about a value that is read here."""

TYPES = {"380": "invoice", "381": "credit_note", "389": "self_billed"}


def document(name: str) -> bytes:
    """The bytes of one document; skips without the folder."""
    folder = os.environ.get("DOCUMENTS")
    if not folder:
        pytest.skip("DOCUMENTS names no folder of real documents")
    return (Path(folder) / f"{name}.pdf").read_bytes()


def value(fact: Any) -> Any:
    """The value of a fact."""
    return fact and fact.value


def head(evidence: Evidence) -> tuple[object, ...]:
    """Number, type, day, currency, net, VAT, gross."""
    facts = (
        evidence.number,
        evidence.type,
        evidence.issue_date,
        evidence.currency,
        evidence.net_cents,
        evidence.vat_cents,
        evidence.gross_cents,
    )
    return tuple(map(value, facts))


def truth(data: bytes, path: str) -> str:
    """A value of the embedded XML by its own plain XPath, through another PDF library than the reader's."""
    content = next(iter(Pypdf(BytesIO(data)).attachments.values()))[0]
    root = cast("Any", etree.fromstring(content))  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return str(root.xpath(f"string({path})")).strip()


def cents(text: str) -> int:
    """`529.87` → 52987."""
    whole, _, fraction = text.partition(".")
    return int(whole) * 100 + int(f"{fraction}00"[:2])


def sums(name: str) -> str:
    """An XPath to one of the totals."""
    return f"//*[local-name()='SpecifiedTradeSettlementHeaderMonetarySummation']/*[local-name()='{name}']"


@pytest.mark.parametrize("name", WITH_XML)
def test_evidence_equals_the_embedded_xml(name: str):
    """Number, type, day, currency and the three totals of nine Factur-X and ZUGFeRD documents."""
    data = document(name)
    day = truth(data, "//*[local-name()='ExchangedDocument']/*[local-name()='IssueDateTime']/*")
    expected = (
        truth(data, "//*[local-name()='ExchangedDocument']/*[local-name()='ID']"),
        TYPES[truth(data, "//*[local-name()='ExchangedDocument']/*[local-name()='TypeCode']")],
        date(int(day[:4]), int(day[4:6]), int(day[6:])),
        truth(data, "//*[local-name()='InvoiceCurrencyCode']"),
        cents(truth(data, sums("TaxBasisTotalAmount"))),
        cents(truth(data, sums("TaxTotalAmount"))),
        cents(truth(data, sums("GrandTotalAmount"))),
    )
    assert expected == head(PdfReader().read(data))


@pytest.mark.parametrize("name", WITH_XML)
def test_the_pages_alone_say_the_same(name: str):
    """The same documents with their pages copied into a PDF without attachment."""
    data = document(name)
    with_xml, text = PdfReader().read(data), PdfReader().read(without_attachments(data))
    assert ("factur_x", "text") == (with_xml.reading, text.reading)
    assert head(with_xml) == head(text)
    assert value(text.seller.vat_id) == value(with_xml.seller.vat_id)
    assert value(text.buyer.vat_id) in {None, value(with_xml.buyer.vat_id)}


@pytest.mark.parametrize("name", WITH_XML)
def test_what_a_document_breaks_of_its_own_profile_is_known(name: str):
    """The schematron of the profile each document names, asked with Saxon."""
    xml = embedded_invoice(document(name))
    assert xml is not None
    assert BREAKS.get(name, set()) == {rule.split()[0] for rule in broken_rules(xml)}


def without_attachments(data: bytes) -> bytes:
    """A copy of the pages only."""
    copy: Any = pypdfium2.PdfDocument.new()
    copy.import_pages(pypdfium2.PdfDocument(data))
    out = BytesIO()
    copy.save(out)
    return out.getvalue()


@pytest.mark.parametrize("name", [name for name in WITH_XML if "Gutschrift" not in name])
def test_lines_sum_to_the_net_total(name: str):
    """Lines of the XML with its charges, else those of the page (BASIC WL and MINIMUM have none)."""
    evidence = PdfReader().read(document(name))
    assert value(evidence.net_cents) == sum(line.net_cents for line in evidence.lines)


def test_the_netpresse_invoice():
    """VAT at one rate; the VAT number is printed without its R, so it is none; the SIREN comes from the SIRET."""
    evidence = PdfReader().read(document("text-NetpresseInvoice"))
    assert ("2022089083", "invoice", date(2022, 11, 28), "EUR", 46_68, 9_34, 56_02) == head(evidence)
    assert ("NETPRESSE", None, "530848134") == tuple(map(value, (evidence.seller.name, evidence.seller.vat_id, evidence.seller.siren)))
    assert [("20", 46_68, 9_34)] == [(group.rate, group.base_cents, group.vat_cents) for group in evidence.vat]
    assert [45_93, 75, 0] == [line.net_cents for line in evidence.lines]


def test_the_free_invoice():
    """Totals under headings on two pages; the seller in the legal notice, his VAT number printed with spaces."""
    evidence = PdfReader().read(document("text-free_fiber"))
    assert ("562044387", "invoice", date(2015, 7, 2), "EUR", 24_99, 5_00, 29_99) == head(evidence)
    assert ("Free SAS", "FR60421938861", "421938861") == tuple(
        map(value, (evidence.seller.name, evidence.seller.vat_id, evidence.seller.siren))
    )
    assert [("20", 24_99, 5_00)] == [(group.rate, group.base_cents, group.vat_cents) for group in evidence.vat]


def test_the_amazon_web_services_invoice():
    """An invoice of an American company that says itself it is no VAT invoice; its tax is printed as zero, a net total is not printed."""
    evidence = PdfReader().read(document("text-AmazonWebServices"))
    assert ("42183017", "invoice", date(2014, 8, 3), "USD", None, 0, 4_11) == head(evidence)
    assert ("Amazon Web Services, Inc.", "US") == (value(evidence.seller.name), value(evidence.seller.country))
    assert ("not_a_vat_invoice",) == evidence.mentions
