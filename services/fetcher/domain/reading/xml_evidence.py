"""The values of an embedded Cross Industry Invoice (Factur-X, ZUGFeRD 2, XRechnung) → Evidence of origin `document:factur-x`.

BT- and BG- codes are those of EN 16931-1. Values come as the XML has them; one that cannot be read is None, so the page can fill it.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from schemas.invoice_collected.v1 import Evidence, EvidenceLine, Party, VatGroup
from schemas.values import MOST_LINES, MOST_ROWS, Fact
from services.fetcher.domain.reading.amounts import cents_of_decimal, rate
from services.fetcher.domain.reading.dates import basic_day
from services.fetcher.domain.reading.layout import clean
from services.fetcher.domain.reading.limits import entire, shortened, whole
from services.fetcher.domain.reading.mentions import mentions_in
from services.fetcher.domain.reading.turning import credit_side

ORIGIN = "document:factur-x"

_TYPES = {"380": "invoice", "326": "invoice", "393": "invoice", "381": "credit_note", "396": "credit_note", "389": "self_billed"}
"""UNTDID 1001. Corrected (384), prepayment (386), self-billed credit (261) and the rest are `other`: a person looks at them."""

_CATEGORY_MENTIONS = {"ae": "reverse_charge", "k": "intra_eu_supply", "g": "export"}
_CODE_MENTIONS = {
    "VATEX-EU-AE": "reverse_charge",
    "VATEX-EU-IC": "intra_eu_supply",
    "VATEX-EU-G": "export",
    "VATEX-EU-D": "margin_scheme",
    "VATEX-EU-F": "margin_scheme",
    "VATEX-EU-I": "margin_scheme",
    "VATEX-EU-J": "margin_scheme",
    "VATEX-FR-FRANCHISE": "small_business_exempt",
}
"""BT-121, CEF VATEX code list."""

_NOT_A_LINE = {"GROUP", "INFORMATION"}
"""EXTENDED: lines that repeat or explain others."""

_SIREN_SCHEME = "0002"


@dataclass(frozen=True, slots=True)
class XmlParty:
    """BG-4 or BG-7."""

    name: str | None
    vat_id: str | None
    legal_id: str | None
    legal_scheme: str | None
    country: str | None


@dataclass(frozen=True, slots=True)
class XmlTax:
    """BG-23: a row of the VAT breakdown."""

    rate: str | None
    category: str | None
    base: str | None
    tax: str | None
    reason: str | None
    reason_code: str | None


@dataclass(frozen=True, slots=True)
class XmlLine:
    """BG-25. `status` is EXTENDED's LineStatusReasonCode."""

    id: str | None
    name: str | None
    quantity: str | None
    net: str | None
    rate: str | None
    status: str | None


@dataclass(frozen=True, slots=True)
class XmlCharge:
    """BG-20 (allowance) or BG-21 (charge) of the document."""

    is_charge: bool
    reason: str | None
    amount: str | None
    rate: str | None


@dataclass(frozen=True, slots=True)
class XmlInvoice:
    """What an embedded invoice says, as text."""

    number: str | None
    type_code: str | None
    issue_date: str | None
    currency: str | None
    preceding: tuple[str, ...]
    seller: XmlParty
    buyer: XmlParty
    net: str | None
    tax: str | None
    gross: str | None
    taxes: tuple[XmlTax, ...]
    lines: tuple[XmlLine, ...]
    charges: tuple[XmlCharge, ...]
    notes: tuple[str, ...]


def xml_evidence(invoice: XmlInvoice) -> Evidence:
    """What the embedded invoice says; total: any values have an Evidence."""
    kind = _TYPES.get(invoice.type_code, "other") if invoice.type_code else None
    preceding = set(filter(None, map(_number, invoice.preceding)))
    evidence = Evidence(
        reading="factur_x",
        unreadable=None,
        number=_fact(_number(invoice.number)),
        type=_fact(kind),
        issue_date=_fact(basic_day(invoice.issue_date)),
        currency=_fact(_matching(r"[A-Z]{3}", invoice.currency)),
        credited_number=_fact(preceding.pop() if kind == "credit_note" and len(preceding) == 1 else None),
        seller=_party(invoice.seller),
        buyer=_party(invoice.buyer),
        net_cents=_fact(cents_of_decimal(invoice.net)),
        vat_cents=_fact(cents_of_decimal(invoice.tax)),
        gross_cents=_fact(cents_of_decimal(invoice.gross)),
        vat=_vat(invoice.taxes),
        lines=_lines(invoice),
        mentions=_mentions(invoice),
    )
    return credit_side(evidence)


def _fact[T](value: T | None) -> Fact[T] | None:
    return None if value is None else Fact(value=value, origin=ORIGIN)


def _text(value: str | None) -> str | None:
    """One line without control characters, cut when it is too long; None when empty."""
    return shortened(_one_line(value))


def _number(value: str | None) -> str | None:
    """One line without control characters; None when empty or too long."""
    return entire(_one_line(value))


def _one_line(value: str | None) -> str:
    return " ".join(clean(" ".join((value or "").split())).split())


def _matching(pattern: str, value: str | None) -> str | None:
    value = (value or "").strip()
    return value if re.fullmatch(pattern, value, re.ASCII) else None


def _party(party: XmlParty) -> Party:
    vat_id = _matching(r"[0-9A-Za-z][0-9A-Za-z.+*-]{0,39}", (party.vat_id or "").replace(" ", ""))
    country = _matching(r"[A-Z]{2}", party.country)
    return Party(name=_fact(_text(party.name)), vat_id=_fact(vat_id), siren=_fact(_siren(party)), country=_fact(country))


def _siren(party: XmlParty) -> str | None:
    """BT-30 or BT-47 under scheme 0002: a SIREN, or the SIRET that starts with it."""
    digits = re.sub(r"\s", "", party.legal_id or "")
    return digits[:9] if party.legal_scheme == _SIREN_SCHEME and re.fullmatch(r"\d{9}(\d{5})?", digits, re.ASCII) else None


def _category(tax: XmlTax) -> str | None:
    return _matching(r"[a-z]{1,3}", (tax.category or "").lower())


def _vat(taxes: tuple[XmlTax, ...]) -> tuple[VatGroup, ...]:
    """All rows, or none when one has no readable base or tax, or when they are too many."""
    groups: list[VatGroup] = []
    for row in taxes:
        base, tax = cents_of_decimal(row.base), cents_of_decimal(row.tax)
        if base is None or tax is None:
            return ()
        groups.append(VatGroup(rate=rate(row.rate), category=_category(row), base_cents=base, vat_cents=tax, origin=ORIGIN))
    return whole(groups, MOST_ROWS)


def _lines(invoice: XmlInvoice) -> tuple[EvidenceLine, ...]:
    """Lines, then allowances and charges of the document as lines of their own; none when one amount is unreadable or they are too many."""
    lines = [_line(line) for line in invoice.lines if line.status not in _NOT_A_LINE]
    lines += [_charge(charge) for charge in invoice.charges] if lines else []
    known = [line for line in lines if line is not None]
    return whole(known, MOST_LINES) if len(known) == len(lines) else ()


def _line(line: XmlLine) -> EvidenceLine | None:
    return _evidence_line(_text(line.name) or _text(line.id) or "?", cents_of_decimal(line.net), line.rate, _quantity(line.quantity))


def _charge(charge: XmlCharge) -> EvidenceLine | None:
    amount = cents_of_decimal(charge.amount)
    net = amount if charge.is_charge or amount is None else -amount
    return _evidence_line(_text(charge.reason) or ("Charge" if charge.is_charge else "Allowance"), net, charge.rate, None)


def _evidence_line(label: str, net_cents: int | None, percent: str | None, quantity: str | None) -> EvidenceLine | None:
    if net_cents is None:
        return None
    return EvidenceLine(label=label, quantity=quantity, net_cents=net_cents, vat_rate=rate(percent), origin=ORIGIN)


def _quantity(value: str | None) -> str | None:
    text = _matching(r"-?\d{1,15}(\.\d{1,15})?", value)
    return f"{Decimal(text).normalize():f}" if text else None


def _mentions(invoice: XmlInvoice) -> tuple[str, ...]:
    found = [mention for mention in _stated_mentions(invoice) if mention]
    return tuple(dict.fromkeys(found))


def _stated_mentions(invoice: XmlInvoice) -> Iterator[str | None]:
    for tax in invoice.taxes:
        yield _CATEGORY_MENTIONS.get(_category(tax) or "")
        yield _CODE_MENTIONS.get((tax.reason_code or "").strip().upper())
        yield from mentions_in(tax.reason or "")
    for note in invoice.notes:
        yield from mentions_in(note)
