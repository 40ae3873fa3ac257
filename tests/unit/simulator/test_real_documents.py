"""`--documents`: the folder's bytes untouched, and as order data only what an embedded XML says."""

import hashlib
import os
from pathlib import Path

import pytest
from fpdf import FPDF

from deploy.local.amazon.parties import BUYER
from deploy.local.amazon.real_documents import NoDocuments, folder_world
from deploy.local.amazon.truth import truth_of
from tests.unit.simulator import shapes
from tests.unit.simulator.customer import START, Customer, order_line

CREDIT_NOTE_XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"
  xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"
  xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
  <rsm:ExchangedDocumentContext><ram:GuidelineSpecifiedDocumentContextParameter>
    <ram:ID>urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic</ram:ID>
  </ram:GuidelineSpecifiedDocumentContextParameter></rsm:ExchangedDocumentContext>
  <rsm:ExchangedDocument><ram:ID>AV-77</ram:ID><ram:TypeCode>381</ram:TypeCode>
    <ram:IssueDateTime><udt:DateTimeString format="102">20260214</udt:DateTimeString></ram:IssueDateTime></rsm:ExchangedDocument>
  <rsm:SupplyChainTradeTransaction>
    <ram:IncludedSupplyChainTradeLineItem>
      <ram:AssociatedDocumentLineDocument><ram:LineID>1</ram:LineID></ram:AssociatedDocumentLineDocument>
      <ram:SpecifiedTradeProduct><ram:Name>Miel de sapin</ram:Name></ram:SpecifiedTradeProduct>
      <ram:SpecifiedLineTradeAgreement><ram:NetPriceProductTradePrice><ram:ChargeAmount>7.1234</ram:ChargeAmount>
        </ram:NetPriceProductTradePrice></ram:SpecifiedLineTradeAgreement>
      <ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="C62">3.000</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery>
      <ram:SpecifiedLineTradeSettlement>
        <ram:ApplicableTradeTax><ram:TypeCode>VAT</ram:TypeCode><ram:CategoryCode>S</ram:CategoryCode>
          <ram:RateApplicablePercent>5.50</ram:RateApplicablePercent></ram:ApplicableTradeTax>
        <ram:SpecifiedTradeSettlementLineMonetarySummation><ram:LineTotalAmount>21.37</ram:LineTotalAmount>
        </ram:SpecifiedTradeSettlementLineMonetarySummation>
      </ram:SpecifiedLineTradeSettlement>
    </ram:IncludedSupplyChainTradeLineItem>
    <ram:ApplicableHeaderTradeAgreement><ram:SellerTradeParty><ram:Name>Ruchers du Haut SARL</ram:Name>
      <ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">FR68906550314</ram:ID></ram:SpecifiedTaxRegistration></ram:SellerTradeParty>
    </ram:ApplicableHeaderTradeAgreement>
    <ram:ApplicableHeaderTradeDelivery/>
    <ram:ApplicableHeaderTradeSettlement><ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
      <ram:ApplicableTradeTax><ram:CalculatedAmount>1.18</ram:CalculatedAmount><ram:TypeCode>VAT</ram:TypeCode>
        <ram:BasisAmount>21.37</ram:BasisAmount><ram:CategoryCode>S</ram:CategoryCode>
        <ram:RateApplicablePercent>5.50</ram:RateApplicablePercent></ram:ApplicableTradeTax>
      <ram:SpecifiedTradeSettlementHeaderMonetarySummation>
        <ram:LineTotalAmount>21.37</ram:LineTotalAmount><ram:TaxBasisTotalAmount>21.37</ram:TaxBasisTotalAmount>
        <ram:TaxTotalAmount currencyID="EUR">1.18</ram:TaxTotalAmount><ram:GrandTotalAmount>22.55</ram:GrandTotalAmount>
        <ram:DuePayableAmount>22.55</ram:DuePayableAmount></ram:SpecifiedTradeSettlementHeaderMonetarySummation>
      <ram:InvoiceReferencedDocument><ram:IssuerAssignedID>FA-76</ram:IssuerAssignedID></ram:InvoiceReferencedDocument>
    </ram:ApplicableHeaderTradeSettlement>
  </rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>
"""


CARRIED = frozenset(
    [
        "orders",
        "shipments",
        "transactions",
        "marketplace",
        "legal_entity",
        "consolidated",
        "replaced",
        "layout",
        "says",
        "mentions",
        "buyer_vat_number",
        "has_text",
        "locked",
        "announced_at",
        "numbered_at",
        "uploaded_at",
        "final_at",
        "never",
    ]
)
"""What is true of the carrier and of its course, not stated by the file."""


def written_pdf(attachment: bytes | None = None) -> bytes:
    """A page of text, with an embedded invoice or without."""
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("Helvetica")
    pdf.text(20, 20, "Facture 12 du 14/02/2026, Total TTC 99,00")
    if attachment:
        pdf.embed_file(basename="factur-x.xml", bytes=attachment)
    return bytes(pdf.output())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One PDF with XML, one without."""
    folder = tmp_path_factory.mktemp("documents")
    (folder / "a-with.pdf").write_bytes(written_pdf(CREDIT_NOTE_XML))
    (folder / "b-without.pdf").write_bytes(written_pdf())
    return folder


def test_truth_is_what_the_xml_says_and_nothing_else(folder: Path):
    """Facts of the first file; None throughout for the second, whose page does say a number and a total."""
    stated, silent = sorted(truth_of(folder_world(folder, 1, START, BUYER)), key=lambda truth: truth["number"] or "~")
    assert {
        "number": "AV-77",
        "type": "CREDIT_MEMO",
        "date": "2026-02-14",
        "seller": "Ruchers du Haut SARL",
        "seller_vat_number": "FR68906550314",
        "currency": "EUR",
        "net_cents": 2137,
        "vat_cents": 118,
        "gross_cents": 2255,
        "taxes": [{"rate": "5.5", "base_cents": 2137, "vat_cents": 118}],
        "credited_number": "FA-76",
        "order_id": stated["order_id"],
        "sha256": hashlib.sha256((folder / "a-with.pdf").read_bytes()).hexdigest(),
    } == {name: value for name, value in stated.items() if name not in CARRIED}
    assert {"order_id", "sha256"} == {name for name, value in silent.items() if value is not None and name not in CARRIED}
    assert hashlib.sha256((folder / "b-without.pdf").read_bytes()).hexdigest() == silent["sha256"]


def test_order_data_states_the_xml_only(folder: Path):
    """Title, quantity, price, net and rate of the line; no tax per line, since the XML has none."""
    customer = Customer(documents=folder)
    with_xml = next(transaction for transaction in customer.all_transactions() if transaction.amount)
    (line,) = with_xml.transactionLineItems or []
    assert ("REFUND", "22.55") == (with_xml.transactionType, with_xml.amount and with_xml.amount.amount)
    assert ("Miel de sapin", 3, "0.055", "Ruchers du Haut SARL") == (
        line.productTitle,
        line.itemQuantity,
        line.taxRate,
        line.merchantLegalName,
    )
    assert ("21.37", "7.1234") == (line.principalAmount and line.principalAmount.amount, line.unitPrice and line.unitPrice.amount)
    assert (None, None) == (line.tax, line.totalAmount)


def test_a_file_without_xml_has_an_order_a_shipment_and_nothing_more(folder: Path):
    """No type, no amount, and details that are all null."""
    customer = Customer(documents=folder)
    silent = next(transaction for transaction in customer.all_transactions() if transaction.amount is None)
    (line,) = silent.transactionLineItems or []
    stated = {name for name, value in line.model_dump().items() if value is not None}
    answer = shapes.InvoicesResponse.model_validate_json(customer.invoices_of([order_line(line)]).content)
    details = answer.invoiceDetailsByOrderLineItems[0].invoiceDetails
    assert {"orderId", "orderLineItemId", "shipmentId", "shipmentDate"} == stated
    assert (None, None) == (silent.transactionType, silent.invoiceNumber)
    assert [(None, None, None)] == [(detail.invoiceNumber, detail.invoiceDate, detail.invoiceType) for detail in details]


def test_bytes_are_served_untouched(folder: Path):
    """Each order gives its own file."""
    customer = Customer(documents=folder)
    served = [content for document in customer.simulator.world.documents for content in customer.pdfs(orderId=document.order_id).values()]
    assert sorted(file.read_bytes() for file in folder.glob("*.pdf")) == sorted(served)


def test_an_empty_folder_is_a_mistake(tmp_path: Path):
    """Said at start, not found out later."""
    with pytest.raises(NoDocuments):
        folder_world(tmp_path, 1, START, BUYER)


def test_real_documents_are_all_served():
    """Every PDF of the folder `DOCUMENTS`: readable at start, served with its hash, totals consistent where stated."""
    if "DOCUMENTS" not in os.environ:
        pytest.skip("needs real PDF invoices: set DOCUMENTS to their folder")
    folder = Path(os.environ["DOCUMENTS"])
    customer = Customer(documents=folder)
    truth = truth_of(customer.simulator.world)
    served = set[str]()
    for document in customer.simulator.world.documents:
        customer.clock.advance(10)
        customer.refresh()
        served |= {hashlib.sha256(content).hexdigest() for content in customer.pdfs(orderId=document.order_id).values()}
    assert {hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.glob("*.pdf")} == served
    assert served == {document["sha256"] for document in truth}
    assert [document["gross_cents"] for document in truth] == [
        None if document["net_cents"] is None or document["vat_cents"] is None else document["net_cents"] + document["vat_cents"]
        for document in truth
    ]
