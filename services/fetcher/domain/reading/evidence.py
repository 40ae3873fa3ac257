"""What a document says, from its embedded XML and from its text: the XML wins field by field, the text fills what the XML lacks."""

from collections.abc import Sequence

from schemas.invoice_collected.v1 import Evidence, EvidenceLine, Party, VatGroup
from services.fetcher.domain.reading.layout import Page
from services.fetcher.domain.reading.text_evidence import text_evidence
from services.fetcher.domain.reading.xml_evidence import XmlInvoice, xml_evidence

NOBODY = Party(name=None, vat_id=None, siren=None, country=None)


def evidence_of(pages: Sequence[Page], embedded: XmlInvoice | None) -> Evidence:
    """One Evidence of both sources. Pages without a word and no XML: reading `none`, unreadable `no_text`."""
    text = text_evidence(pages) if any(pages) else None
    if embedded is None:
        return text or unreadable("no_text")
    xml = xml_evidence(embedded)
    return _merged(xml, text) if text else xml


def unreadable(reason: str) -> Evidence:
    """Nothing could be read: corrupt, encrypted, no_text, not_a_pdf or too_heavy."""
    return Evidence(
        reading="none",
        unreadable=reason,
        number=None,
        type=None,
        issue_date=None,
        currency=None,
        credited_number=None,
        seller=NOBODY,
        buyer=NOBODY,
        net_cents=None,
        vat_cents=None,
        gross_cents=None,
        vat=(),
        lines=(),
        mentions=(),
    )


def _merged(xml: Evidence, text: Evidence) -> Evidence:
    net_cents = xml.net_cents or text.net_cents
    total = net_cents.value if net_cents else None
    return Evidence(
        reading=xml.reading,
        unreadable=None,
        number=xml.number or text.number,
        type=xml.type or text.type,
        issue_date=xml.issue_date or text.issue_date,
        currency=xml.currency or text.currency,
        credited_number=xml.credited_number or text.credited_number,
        seller=_merged_party(xml.seller, text.seller),
        buyer=_merged_party(xml.buyer, text.buyer),
        net_cents=net_cents,
        vat_cents=xml.vat_cents or text.vat_cents,
        gross_cents=xml.gross_cents or text.gross_cents,
        vat=xml.vat or _fitting_vat(text.vat, total),
        lines=xml.lines or _fitting_lines(text.lines, total),
        mentions=tuple(dict.fromkeys(xml.mentions + text.mentions)),
    )


def _merged_party(xml: Party, text: Party) -> Party:
    return Party(
        name=xml.name or text.name,
        vat_id=xml.vat_id or text.vat_id,
        siren=xml.siren or text.siren,
        country=xml.country or text.country,
    )


def _fitting_vat(groups: tuple[VatGroup, ...], net_cents: int | None) -> tuple[VatGroup, ...]:
    """The text's table, unless it belongs to other totals than the XML's."""
    return groups if sum(group.base_cents for group in groups) == net_cents else ()


def _fitting_lines(lines: tuple[EvidenceLine, ...], net_cents: int | None) -> tuple[EvidenceLine, ...]:
    return lines if sum(line.net_cents for line in lines) == net_cents else ()
