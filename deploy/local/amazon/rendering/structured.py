"""The invoice as data: Factur-X 1.0 of the profile EN 16931 (syntax CII), and the metadata that announces it in a PDF."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from deploy.local.amazon.papers import Layout, Paper


@dataclass(frozen=True, slots=True)
class Exemption:
    """VAT category of EN 16931 (UNTDID 5305); reason and VATEX code where no VAT is due."""

    category: str
    reason: str = ""
    code: str = ""


TAXED = Exemption("S")
EXEMPTIONS = {
    Layout.SMALL_BUSINESS: Exemption("E", "TVA non applicable, art. 293 B du CGI", "VATEX-FR-FRANCHISE"),
    Layout.REVERSE_CHARGE: Exemption("AE", "Autoliquidation, art. 283-1 du CGI", "VATEX-EU-AE"),
    Layout.INTRA_EU: Exemption("K", "Article 138 de la directive 2006/112/CE", "VATEX-EU-IC"),
}
METADATA = """<x:xmpmeta xmlns:x="adobe:ns:meta/">
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
<rdf:Description rdf:about="" xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/">
<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance></rdf:Description>
<rdf:Description rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#">
<fx:DocumentType>INVOICE</fx:DocumentType><fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>
<fx:Version>1.0</fx:Version><fx:ConformanceLevel>EN 16931</fx:ConformanceLevel></rdf:Description>
</rdf:RDF></x:xmpmeta>"""
"""XMP of Factur-X 1.0; the page itself is no PDF/A-3 (its fonts are not embedded)."""


def factur_x(paper: Paper) -> bytes:
    """The XML of a document; amounts are positive, the type code (380, 381) gives the direction."""
    charges = list(_charges(paper))
    text = TEMPLATE.render(
        paper=paper,
        exemption=EXEMPTIONS.get(paper.layout, TAXED),
        charges=charges,
        charged_cents=sum(cents for *_, cents in charges),
    )
    return text.encode()


def _charges(paper: Paper) -> Iterator[tuple[str, str, Decimal, int]]:
    """Delivery and gift wrap as charges of the document: reason, UNTDID 7161 code, rate, cents."""
    for tax in paper.taxes:
        items = [item for item in paper.items if paper.rate_of(item) == tax.rate]
        if shipping := sum(item.shipping_cents for item in items):
            yield "Frais de livraison", "FC", tax.rate, shipping
        if wrapping := sum(item.gift_wrap_cents for item in items):
            yield "Emballage cadeau", "ABL", tax.rate, wrapping


def _money(cents: int) -> str:
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"


def _day(day: date) -> str:
    return f"{day:%Y%m%d}"


def _environment() -> Environment:
    folder = Path(__file__).parents[1] / "templates"
    environment = Environment(loader=FileSystemLoader(folder), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters |= {"money": _money, "day": _day}
    return environment


TEMPLATE = _environment().get_template("factur-x.xml")
