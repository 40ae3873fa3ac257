"""Cross Industry Invoice XML (UN/CEFACT D16B, as in Factur-X 1.0) → the plain values the domain reads; no entity, no network, bounded."""

from lxml import etree

from services.fetcher.domain.xml_evidence import XmlCharge, XmlInvoice, XmlLine, XmlParty, XmlTax

MAX_XML_BYTES = 20 * 1024 * 1024

_STANDARD = "urn:un:unece:uncefact:data:standard:"
_NAMESPACES = {
    "rsm": f"{_STANDARD}CrossIndustryInvoice:100",
    "ram": f"{_STANDARD}ReusableAggregateBusinessInformationEntity:100",
    "udt": f"{_STANDARD}UnqualifiedDataType:100",
}
_ROOT = f"{{{_NAMESPACES['rsm']}}}CrossIndustryInvoice"
_TRADE = "rsm:SupplyChainTradeTransaction"
_AGREEMENT = f"{_TRADE}/ram:ApplicableHeaderTradeAgreement"
_SETTLEMENT = f"{_TRADE}/ram:ApplicableHeaderTradeSettlement"
_SUMS = f"{_SETTLEMENT}/ram:SpecifiedTradeSettlementHeaderMonetarySummation"
_TRUE = frozenset({"true", "1"})


class BrokenInvoice(Exception):
    """The embedded file is no readable Cross Industry Invoice: too large, not well-formed, with a DOCTYPE, or of another kind."""


def parse_invoice(data: bytes) -> XmlInvoice:
    """The values of the header, the lines and the totals. Raises BrokenInvoice."""
    root = _root(data)
    currency = _text(root, f"{_SETTLEMENT}/ram:InvoiceCurrencyCode")
    return XmlInvoice(
        number=_text(root, "rsm:ExchangedDocument/ram:ID"),
        type_code=_text(root, "rsm:ExchangedDocument/ram:TypeCode"),
        issue_date=_text(root, "rsm:ExchangedDocument/ram:IssueDateTime/udt:DateTimeString"),
        currency=currency,
        preceding=_texts(root, f"{_SETTLEMENT}/ram:InvoiceReferencedDocument/ram:IssuerAssignedID"),
        seller=_party(root, "Seller"),
        buyer=_party(root, "Buyer"),
        net=_text(root, f"{_SUMS}/ram:TaxBasisTotalAmount"),
        tax=_tax_total(root, currency),
        gross=_text(root, f"{_SUMS}/ram:GrandTotalAmount"),
        taxes=tuple(_tax(node) for node in _nodes(root, f"{_SETTLEMENT}/ram:ApplicableTradeTax")),
        lines=tuple(_line(node) for node in _nodes(root, f"{_TRADE}/ram:IncludedSupplyChainTradeLineItem")),
        charges=_charges(root),
        notes=_texts(root, "rsm:ExchangedDocument/ram:IncludedNote/ram:Content"),
    )


def _root(data: bytes) -> etree._Element:
    if len(data) > MAX_XML_BYTES:
        raise BrokenInvoice
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=True, remove_pis=True)
    try:
        root = etree.fromstring(data, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise BrokenInvoice from error
    if root.tag != _ROOT or root.getroottree().docinfo.doctype:
        raise BrokenInvoice
    return root


def _nodes(node: etree._Element, path: str) -> list[etree._Element]:
    return node.findall(path, _NAMESPACES)


def _text(node: etree._Element, path: str) -> str | None:
    return node.findtext(path, None, _NAMESPACES)


def _texts(node: etree._Element, path: str) -> tuple[str, ...]:
    return tuple(found.text for found in _nodes(node, path) if found.text)


def _tax_total(root: etree._Element, currency: str | None) -> str | None:
    """BT-110: the tax total in the document's currency; the one in the accounting currency is another (BT-111)."""
    totals = _nodes(root, f"{_SUMS}/ram:TaxTotalAmount")
    own = [total for total in totals if total.get("currencyID", currency) == currency]
    return own[0].text if len(own) == 1 else None


def _party(root: etree._Element, role: str) -> XmlParty:
    path = f"{_AGREEMENT}/ram:{role}TradeParty"
    legal = root.find(f"{path}/ram:SpecifiedLegalOrganization/ram:ID", _NAMESPACES)
    return XmlParty(
        name=_text(root, f"{path}/ram:Name"),
        vat_id=_text(root, f"{path}/ram:SpecifiedTaxRegistration/ram:ID[@schemeID='VA']"),
        legal_id=None if legal is None else legal.text,
        legal_scheme=None if legal is None else legal.get("schemeID"),
        country=_text(root, f"{path}/ram:PostalTradeAddress/ram:CountryID"),
    )


def _tax(node: etree._Element) -> XmlTax:
    return XmlTax(
        rate=_text(node, "ram:RateApplicablePercent"),
        category=_text(node, "ram:CategoryCode"),
        base=_text(node, "ram:BasisAmount"),
        tax=_text(node, "ram:CalculatedAmount"),
        reason=_text(node, "ram:ExemptionReason"),
        reason_code=_text(node, "ram:ExemptionReasonCode"),
    )


def _line(node: etree._Element) -> XmlLine:
    settlement = "ram:SpecifiedLineTradeSettlement"
    return XmlLine(
        id=_text(node, "ram:AssociatedDocumentLineDocument/ram:LineID"),
        name=_text(node, "ram:SpecifiedTradeProduct/ram:Name"),
        quantity=_text(node, "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity"),
        net=_text(node, f"{settlement}/ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount"),
        rate=_text(node, f"{settlement}/ram:ApplicableTradeTax/ram:RateApplicablePercent"),
        status=_text(node, "ram:AssociatedDocumentLineDocument/ram:LineStatusReasonCode"),
    )


def _charges(root: etree._Element) -> tuple[XmlCharge, ...]:
    """Allowances and charges of the document, and EXTENDED's logistics charges."""
    found = [_charge(node) for node in _nodes(root, f"{_SETTLEMENT}/ram:SpecifiedTradeAllowanceCharge")]
    return (*found, *(_logistics(node) for node in _nodes(root, f"{_SETTLEMENT}/ram:SpecifiedLogisticsServiceCharge")))


def _charge(node: etree._Element) -> XmlCharge:
    return XmlCharge(
        is_charge=(_text(node, "ram:ChargeIndicator/udt:Indicator") or "").strip() in _TRUE,
        reason=_text(node, "ram:Reason"),
        amount=_text(node, "ram:ActualAmount"),
        rate=_text(node, "ram:CategoryTradeTax/ram:RateApplicablePercent"),
    )


def _logistics(node: etree._Element) -> XmlCharge:
    return XmlCharge(
        is_charge=True,
        reason=_text(node, "ram:Description"),
        amount=_text(node, "ram:AppliedAmount"),
        rate=_text(node, "ram:AppliedTradeTax/ram:RateApplicablePercent"),
    )
