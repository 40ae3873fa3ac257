"""Cross Industry Invoice XML (UN/CEFACT D16B, as in Factur-X 1.0) → the plain values the domain reads; no entity, no network, bounded."""

from collections.abc import Mapping
from typing import Protocol, cast

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue, reportUnknownVariableType]

from services.fetcher.domain.reading.xml_evidence import XmlCharge, XmlInvoice, XmlLine, XmlParty, XmlTax

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


class _DocumentInfo(Protocol):
    """What precedes the root."""

    @property
    def doctype(self) -> str: ...


class _Tree(Protocol):
    """The document of an element."""

    @property
    def docinfo(self) -> _DocumentInfo: ...


class _Element(Protocol):
    """What is used of lxml's elements, which have no types."""

    @property
    def tag(self) -> str: ...

    @property
    def text(self) -> str | None: ...

    def getroottree(self) -> _Tree: ...

    def get(self, key: str, default: str | None = None, /) -> str | None: ...

    def find(self, path: str, namespaces: Mapping[str, str], /) -> "_Element | None": ...

    def findall(self, path: str, namespaces: Mapping[str, str], /) -> list["_Element"]: ...

    def findtext(self, path: str, default: str | None, namespaces: Mapping[str, str], /) -> str | None: ...


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


def _root(data: bytes) -> _Element:
    if len(data) > MAX_XML_BYTES:
        raise BrokenInvoice
    try:
        root, doctype = _parsed(data)
    except (SyntaxError, ValueError) as error:  # lxml says SyntaxError
        raise BrokenInvoice from error
    if root.tag != _ROOT or doctype:
        raise BrokenInvoice
    return root


def _parsed(data: bytes) -> tuple[_Element, str]:
    """The root and the DOCTYPE, if any; entities are not resolved, nothing is fetched, depth and text are bounded by libxml2."""
    parser = cast("object", etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True, remove_pis=True))
    root = cast("_Element", etree.fromstring(data, parser))
    return root, root.getroottree().docinfo.doctype


def _nodes(node: _Element, path: str) -> list[_Element]:
    return node.findall(path, _NAMESPACES)


def _text(node: _Element, path: str) -> str | None:
    return node.findtext(path, None, _NAMESPACES)


def _texts(node: _Element, path: str) -> tuple[str, ...]:
    return tuple(found.text for found in _nodes(node, path) if found.text)


def _tax_total(root: _Element, currency: str | None) -> str | None:
    """BT-110: the tax total in the document's currency; the one in the accounting currency is another (BT-111)."""
    totals = _nodes(root, f"{_SUMS}/ram:TaxTotalAmount")
    own = [total for total in totals if total.get("currencyID", currency) == currency]
    return own[0].text if len(own) == 1 else None


def _party(root: _Element, role: str) -> XmlParty:
    path = f"{_AGREEMENT}/ram:{role}TradeParty"
    legal = root.find(f"{path}/ram:SpecifiedLegalOrganization/ram:ID", _NAMESPACES)
    return XmlParty(
        name=_text(root, f"{path}/ram:Name"),
        vat_id=_text(root, f"{path}/ram:SpecifiedTaxRegistration/ram:ID[@schemeID='VA']"),
        legal_id=None if legal is None else legal.text,
        legal_scheme=None if legal is None else legal.get("schemeID"),
        country=_text(root, f"{path}/ram:PostalTradeAddress/ram:CountryID"),
    )


def _tax(node: _Element) -> XmlTax:
    return XmlTax(
        rate=_text(node, "ram:RateApplicablePercent"),
        category=_text(node, "ram:CategoryCode"),
        base=_text(node, "ram:BasisAmount"),
        tax=_text(node, "ram:CalculatedAmount"),
        reason=_text(node, "ram:ExemptionReason"),
        reason_code=_text(node, "ram:ExemptionReasonCode"),
    )


def _line(node: _Element) -> XmlLine:
    settlement = "ram:SpecifiedLineTradeSettlement"
    return XmlLine(
        id=_text(node, "ram:AssociatedDocumentLineDocument/ram:LineID"),
        name=_text(node, "ram:SpecifiedTradeProduct/ram:Name"),
        quantity=_text(node, "ram:SpecifiedLineTradeDelivery/ram:BilledQuantity"),
        net=_text(node, f"{settlement}/ram:SpecifiedTradeSettlementLineMonetarySummation/ram:LineTotalAmount"),
        rate=_text(node, f"{settlement}/ram:ApplicableTradeTax/ram:RateApplicablePercent"),
        status=_text(node, "ram:AssociatedDocumentLineDocument/ram:LineStatusReasonCode"),
    )


def _charges(root: _Element) -> tuple[XmlCharge, ...]:
    """Allowances and charges of the document, and EXTENDED's logistics charges."""
    found = [_charge(node) for node in _nodes(root, f"{_SETTLEMENT}/ram:SpecifiedTradeAllowanceCharge")]
    return (*found, *(_logistics(node) for node in _nodes(root, f"{_SETTLEMENT}/ram:SpecifiedLogisticsServiceCharge")))


def _charge(node: _Element) -> XmlCharge:
    return XmlCharge(
        is_charge=(_text(node, "ram:ChargeIndicator/udt:Indicator") or "").strip() in _TRUE,
        reason=_text(node, "ram:Reason"),
        amount=_text(node, "ram:ActualAmount"),
        rate=_text(node, "ram:CategoryTradeTax/ram:RateApplicablePercent"),
    )


def _logistics(node: _Element) -> XmlCharge:
    return XmlCharge(
        is_charge=True,
        reason=_text(node, "ram:Description"),
        amount=_text(node, "ram:AppliedAmount"),
        rate=_text(node, "ram:AppliedTradeTax/ram:RateApplicablePercent"),
    )
