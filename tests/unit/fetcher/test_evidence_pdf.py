"""Any bytes have an Evidence; PDFs made here are read from their text, their embedded XML, or both."""

from datetime import date
from functools import cache
from io import BytesIO
from typing import Any

import facturx  # pyright: ignore[reportMissingTypeStubs]
import pytest
from fpdf import FPDF
from fpdf.enums import EncryptionMethod
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader as Pypdf
from pypdf import PdfWriter

from schemas.invoice_collected.v1 import Evidence
from services.fetcher.adapters.cross_industry_invoice import BrokenInvoice, parse_invoice
from services.fetcher.adapters.pdf_reader import PdfReader
from services.fetcher.domain.reading.xml_evidence import xml_evidence

LINES = (
    "FACTURE N° F-2026-1",
    "Date : 05/02/2026",
    "Total HT : 100,00 EUR",
    "TVA 20 % : 20,00 EUR",
    "Total TTC : 120,00 EUR",
)


def page_pdf(*lines: str, password: str | None = None) -> bytes:
    """One page of text."""
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=10)
    for line in lines:
        pdf.cell(0, 6, line, new_x="LMARGIN", new_y="NEXT")
    if password:
        pdf.set_encryption("owner", password, encryption_method=EncryptionMethod.AES_128)
    return bytes(pdf.output())


LINE = """<ram:IncludedSupplyChainTradeLineItem>
  <ram:AssociatedDocumentLineDocument><ram:LineID>{id}</ram:LineID>{status}</ram:AssociatedDocumentLineDocument>
  <ram:SpecifiedTradeProduct><ram:Name>{name}</ram:Name></ram:SpecifiedTradeProduct>
  <ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="C62">2.0000</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery>
  <ram:SpecifiedLineTradeSettlement>
    <ram:ApplicableTradeTax><ram:RateApplicablePercent>20.00</ram:RateApplicablePercent></ram:ApplicableTradeTax>
    <ram:SpecifiedTradeSettlementLineMonetarySummation><ram:LineTotalAmount>{net}</ram:LineTotalAmount></ram:SpecifiedTradeSettlementLineMonetarySummation>
  </ram:SpecifiedLineTradeSettlement>
</ram:IncludedSupplyChainTradeLineItem>"""

CHARGE = """<ram:SpecifiedTradeAllowanceCharge>
  <ram:ChargeIndicator><udt:Indicator>{is_charge}</udt:Indicator></ram:ChargeIndicator>
  <ram:ActualAmount>{amount}</ram:ActualAmount><ram:Reason>{reason}</ram:Reason>
  <ram:CategoryTradeTax><ram:RateApplicablePercent>20</ram:RateApplicablePercent></ram:CategoryTradeTax>
</ram:SpecifiedTradeAllowanceCharge>"""

INVOICE = """<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
  xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
  xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
 <rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter><ram:ID>urn:cen.eu:en16931:2017</ram:ID></ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>
 <rsm:ExchangedDocument><ram:ID>{number}</ram:ID><ram:TypeCode>{type}</ram:TypeCode>
  <ram:IssueDateTime><udt:DateTimeString format="102">20260205</udt:DateTimeString></ram:IssueDateTime>
  <ram:IncludedNote><ram:Content>{note}</ram:Content></ram:IncludedNote></rsm:ExchangedDocument>
 <rsm:SupplyChainTradeTransaction>{lines}
  <ram:ApplicableHeaderTradeAgreement>
   <ram:SellerTradeParty><ram:Name>Papeterie du Centre</ram:Name>
    <ram:SpecifiedLegalOrganization><ram:ID schemeID="0002">55210055400013</ram:ID></ram:SpecifiedLegalOrganization>
    <ram:PostalTradeAddress><ram:CountryID>FR</ram:CountryID></ram:PostalTradeAddress>
    <ram:SpecifiedTaxRegistration><ram:ID schemeID="FC">123</ram:ID></ram:SpecifiedTaxRegistration>
    <ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">FR27552100554</ram:ID></ram:SpecifiedTaxRegistration></ram:SellerTradeParty>
   <ram:BuyerTradeParty><ram:Name>Atelier Dubois</ram:Name></ram:BuyerTradeParty>
  </ram:ApplicableHeaderTradeAgreement>
  <ram:ApplicableHeaderTradeDelivery/>
  <ram:ApplicableHeaderTradeSettlement>
   <ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
   <ram:ApplicableTradeTax><ram:CalculatedAmount>{tax}</ram:CalculatedAmount><ram:TypeCode>VAT</ram:TypeCode>
    <ram:BasisAmount>{net}</ram:BasisAmount><ram:CategoryCode>{category}</ram:CategoryCode><ram:RateApplicablePercent>20.00</ram:RateApplicablePercent></ram:ApplicableTradeTax>
   {charges}
   <ram:SpecifiedTradeSettlementHeaderMonetarySummation>
    <ram:TaxBasisTotalAmount>{net}</ram:TaxBasisTotalAmount>
    <ram:TaxTotalAmount currencyID="EUR">{tax}</ram:TaxTotalAmount><ram:TaxTotalAmount currencyID="CHF">99.00</ram:TaxTotalAmount>
    <ram:GrandTotalAmount>{gross}</ram:GrandTotalAmount>
   </ram:SpecifiedTradeSettlementHeaderMonetarySummation>
   {preceding}
  </ram:ApplicableHeaderTradeSettlement>
 </rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>"""

DEFAULTS = {
    "number": "F-2026-1", "type": "380", "note": "", "category": "S", "net": "100.00", "tax": "20.00", "gross": "120.00",
    "lines": "", "charges": "", "preceding": "",
}  # fmt: skip


def xml(**values: str) -> bytes:
    """A Cross Industry Invoice of 100.00 net, with changes."""
    return INVOICE.format(**{**DEFAULTS, **values}).encode()


def with_xml(pdf: bytes, content: bytes) -> bytes:
    """A Factur-X document."""
    made: Any = facturx.generate_from_binary(pdf, content, check_xsd=False, check_schematron=False, level="en16931")  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
    return bytes(made)


def with_attachment(pdf: bytes, name: str, content: bytes) -> bytes:
    """A PDF with any attachment."""
    writer = PdfWriter(clone_from=Pypdf(stream(pdf)))
    writer.add_attachment(name, content)
    out = stream(b"")
    writer.write(out)
    return out.getvalue()


def stream(data: bytes) -> Any:
    """Bytes as a file."""
    return BytesIO(data)


def read(data: bytes) -> Evidence:
    """The evidence of a document."""
    return PdfReader().read(data)


def value(fact: Any) -> Any:
    """The value of a fact."""
    return fact and fact.value


def test_the_text_of_a_pdf_is_read():
    """One page, one column."""
    evidence = read(page_pdf(*LINES))
    assert ("text", "F-2026-1", "invoice", date(2026, 2, 5), 120_00) == (
        evidence.reading,
        value(evidence.number),
        value(evidence.type),
        value(evidence.issue_date),
        value(evidence.gross_cents),
    )


def test_columns_are_told_by_their_place():
    """Two address blocks drawn one after the other, side by side; the label of a total far from its amount."""
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=10)
    top = pdf.get_y()
    pdf.multi_cell(80, 5, "Vendeur\nPapeterie du Centre SAS\nTVA : FR27552100554", new_x="LMARGIN", new_y="NEXT")
    pdf.set_xy(110, top)
    pdf.multi_cell(80, 5, "Client\nAtelier Dubois SARL\nTVA : FR40303265045", new_x="LMARGIN", new_y="NEXT")
    pdf.cell(150, 8, "Total TTC")
    pdf.cell(40, 8, "1 120,00", align="R")
    evidence = read(bytes(pdf.output()))
    assert ("Papeterie du Centre SAS", "FR27552100554") == (value(evidence.seller.name), value(evidence.seller.vat_id))
    assert ("Atelier Dubois SARL", "FR40303265045") == (value(evidence.buyer.name), value(evidence.buyer.vat_id))
    assert 1_120_00 == value(evidence.gross_cents)


def test_embedded_xml_wins_field_by_field_and_text_fills_the_rest():
    """The XML has another number and no credited invoice; the page has a mention."""
    evidence = read(with_xml(page_pdf(*LINES, "Autoliquidation"), xml(number="X-1")))
    assert ("factur_x", "X-1", "document:factur-x") == (
        evidence.reading,
        value(evidence.number),
        evidence.number and evidence.number.origin,
    )
    assert ("FR27552100554", "552100554", "FR") == tuple(
        map(value, (evidence.seller.vat_id, evidence.seller.siren, evidence.seller.country))
    )
    assert 20_00 == value(evidence.vat_cents)
    assert ("reverse_charge",) == evidence.mentions


def test_text_fills_what_the_xml_lacks():
    """A gross that is no number in the XML is read from the page, with its own origin; lines too, when they fit the XML's net."""
    page = page_pdf(*LINES[:2], "Désignation          Montant HT", *LINES[2:])
    evidence = read(with_xml(page, xml(gross="much", type="")))
    assert (120_00, "document:text") == (value(evidence.gross_cents), evidence.gross_cents and evidence.gross_cents.origin)
    assert ("invoice", "document:text") == (value(evidence.type), evidence.type and evidence.type.origin)


def test_lines_of_the_xml_come_with_the_documents_charges():
    """EXTENDED group lines are left out; an allowance is negative; together they are the net total."""
    lines = LINE.format(id="1", status="", name="Papier", net="110.0000") + LINE.format(
        id="2", status="<ram:LineStatusReasonCode>GROUP</ram:LineStatusReasonCode>", name="Lot", net="110"
    )
    charges = CHARGE.format(is_charge="false", amount="15", reason="Remise") + CHARGE.format(is_charge="true", amount="5.00", reason="Port")
    evidence = read(with_xml(page_pdf("x"), xml(lines=lines, charges=charges)))
    assert [("Papier", "2", 110_00, "20"), ("Remise", None, -15_00, "20"), ("Port", None, 5_00, "20")] == [
        (line.label, line.quantity, line.net_cents, line.vat_rate) for line in evidence.lines
    ]


@pytest.mark.parametrize(
    ("expected", "code"),
    [("invoice", "380"), ("credit_note", "381"), ("self_billed", "389"), ("other", "384"), ("other", "386"), ("other", "261")],
)
def test_the_type_code_says_the_type(expected: str, code: str):
    """UNTDID 1001."""
    assert expected == value(read(with_xml(page_pdf("x"), xml(type=code))).type)


def test_a_negative_xml_invoice_is_turned():
    """Type 380 with negative amounts is money back; a credit note names its invoice."""
    negative = {"net": "-100.00", "tax": "-20.00", "gross": "-120.00", "lines": LINE.format(id="1", status="", name="Papier", net="-100")}
    preceding = "<ram:InvoiceReferencedDocument><ram:IssuerAssignedID>F-0</ram:IssuerAssignedID></ram:InvoiceReferencedDocument>"
    turned = read(with_xml(page_pdf("x"), xml(**negative)))
    named = read(with_xml(page_pdf("x"), xml(type="381", preceding=preceding, **negative)))
    assert [("credit_note", 120_00, 100_00, 20_00)] * 2 == [
        (value(each.type), value(each.gross_cents), each.lines[0].net_cents, each.vat[0].vat_cents) for each in (turned, named)
    ]
    assert (None, "F-0") == (value(turned.credited_number), value(named.credited_number))


@pytest.mark.parametrize(
    ("expected", "category", "note"),
    [
        (("reverse_charge",), "AE", ""),
        (("intra_eu_supply",), "K", ""),
        (("export",), "G", ""),
        (("margin_scheme",), "E", "art. 297 A du CGI"),
    ],
)
def test_categories_and_notes_of_the_xml_are_mentions(expected: tuple[str, ...], category: str, note: str):
    """EN 16931 categories AE, K, G; a note says the rest."""
    evidence = read(with_xml(page_pdf("x"), xml(category=category, note=note)))
    assert (expected, category.lower()) == (evidence.mentions, evidence.vat[0].category)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<broken",
        b"\xff\xfe\x00",
        b"<Invoice/>",
        b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]>' + xml(number="&e;").split(b"?>", 1)[1],
    ],
)
def test_a_broken_embedded_file_falls_back_to_the_text(content: bytes):
    """Empty, cut, not XML, another vocabulary, with a DOCTYPE."""
    evidence = read(with_attachment(page_pdf(*LINES), "factur-x.xml", content))
    assert ("text", "F-2026-1") == (evidence.reading, value(evidence.number))
    with pytest.raises(BrokenInvoice):
        parse_invoice(content)


@pytest.mark.parametrize("name", ["zugferd-invoice.xml", "xrechnung.xml", "ZUGFeRD-invoice.xml"])
def test_every_standard_name_of_the_attachment_is_known(name: str):
    """ZUGFeRD and XRechnung name it otherwise."""
    assert "factur_x" == read(with_attachment(page_pdf("x"), name, xml())).reading


def test_another_attachment_is_not_the_invoice():
    """A name outside the standards."""
    assert "text" == read(with_attachment(page_pdf(*LINES), "data.xml", xml())).reading


@pytest.mark.parametrize(
    ("expected", "data"),
    [
        ("not_a_pdf", b""),
        ("not_a_pdf", b"PK\x03\x04"),
        ("corrupt", b"%PDF-1.7\nnothing follows"),
        ("corrupt", page_pdf(*LINES)[:300]),
        ("encrypted", page_pdf(*LINES, password="secret")),
        ("no_text", page_pdf()),
    ],
)
def test_what_cannot_be_read_says_why(expected: str, data: bytes):
    """Reading none, a reason, and nothing else."""
    evidence = read(data)
    assert ("none", expected, None) == (evidence.reading, evidence.unreadable, evidence.number)


@cache
def good() -> bytes:
    """A document with text and XML."""
    return with_xml(page_pdf(*LINES), xml(lines=LINE.format(id="1", status="", name="Papier", net="100")))


@settings(deadline=None)
@given(st.binary(), st.sampled_from([b"", b"%PDF-1.7\n"]))
def test_any_bytes_have_an_evidence(data: bytes, magic: bytes):
    """Total on random bytes."""
    assert "none" == read(magic + data).reading


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 20_000), st.binary(min_size=1, max_size=20)), min_size=1, max_size=6))
def test_a_damaged_document_has_an_evidence(damages: list[tuple[int, bytes]]):
    """Total on good documents with bytes overwritten."""
    data = bytearray(good())
    for place, junk in damages:
        start = place % len(data)
        data[start : start + len(junk)] = junk
    assert read(bytes(data)).reading in {"factur_x", "text", "none"}


@given(
    st.dictionaries(
        st.sampled_from(sorted(set(DEFAULTS) - {"lines", "charges", "preceding"})),
        st.text(st.characters(exclude_characters="<&", exclude_categories=["Cc", "Cs"])),
        min_size=1,
    )
)
def test_any_values_in_the_xml_have_an_evidence(values: dict[str, str]):
    """Total on well-formed XML with any text in its fields."""
    try:
        evidence = xml_evidence(parse_invoice(xml(**values)))
    except BrokenInvoice:
        return
    assert evidence == Evidence.model_validate_json(evidence.model_dump_json())
