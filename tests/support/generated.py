"""What our reader says of a simulated document: against the document's own truth, and against the words of its pages alone."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

import pypdfium2

from deploy.local.amazon.papers import Layout, Paper
from deploy.local.amazon.rendering import render
from schemas.invoice_collected.v1 import Evidence, Party
from schemas.values import Fact
from services.fetcher.adapters.pdf_reader import PdfReader

TEXT = "document:text"
NO_NET = (Layout.SMALL_BUSINESS, Layout.RECEIPT)
"""Their pages print one total and no net."""

NO_VAT = (*NO_NET, Layout.REVERSE_CHARGE)
"""Their pages print no amount of VAT: « TVA: Autoliquidation », « TVA non applicable », or no word of it."""

_MONTHS = (
    "janvier january januar",
    "février february februar",
    "mars march märz",
    "avril april",
    "mai may",
    "juin june juni",
    "juillet july juli",
    "août august",
    "septembre september",
    "octobre october oktober",
    "novembre november",
    "décembre december dezember",
)
_COUNTRIES = {
    "FR": "France Frankreich",
    "DE": "Deutschland Germany Allemagne",
    "ES": "España Spain Espagne",
    "IT": "Italia Italy Italie",
    "LU": "Luxembourg Luxemburg",
    "IE": "Ireland Irlande",
    "GB": "Kingdom Royaume-Uni",
    "CN": "China Chine",
    "RE": "Réunion",
}
type Misread = tuple[str, object, object]
"""A field, what is true, and what was read."""


@dataclass(frozen=True)
class Reading:
    """A document, what the reader says of it, and the text of its pages by PDFium alone (empty when locked or scanned)."""

    paper: Paper
    evidence: Evidence
    text: str

    def __str__(self) -> str:
        """Which document it is."""
        return f"{self.paper.layout} {self.paper.language} {self.paper.number}"


def reading_of(paper: Paper) -> Reading:
    """Draw it, read it."""
    data = render(paper)
    return Reading(paper, PdfReader().read(data), "" if paper.password else page_text(data))


def page_text(data: bytes) -> str:
    """The text of all pages, every run of white space one blank."""
    document: Any = pypdfium2.PdfDocument(data)
    text = " ".join(page.get_textpage().get_text_range() for page in document)
    document.close()
    return " ".join(text.replace("\ufffe", "-").split())


def misread(reading: Reading) -> list[Misread]:
    """The fields that are not as the truth has them, or not as the page shows them."""
    evidence = reading.evidence
    if reason := _unreadable_because(reading.paper):
        return _unequal({"reading": ("none", evidence.reading), "unreadable": (reason, evidence.unreadable)})
    return _unequal({**_heads(reading), **_sums(reading)})


def invented(reading: Reading) -> list[str]:
    """The values of origin `document:text` that the pages do not show."""
    facts = [name for name, shown in _shown(reading.evidence, reading.text) if not shown]
    return facts + [f"{line.label}: {line.net_cents}" for line in _text_lines(reading.evidence) if not _line_shown(line, reading.text)]


def _unreadable_because(paper: Paper) -> str | None:
    if paper.password:
        return "encrypted"
    return "no_text" if paper.scanned and not paper.embedded_xml else None


def _unequal(fields: dict[str, tuple[object, object]]) -> list[Misread]:
    return [(field, true, read) for field, (true, read) in fields.items() if true != read]


def _heads(reading: Reading) -> dict[str, tuple[object, object]]:
    paper, evidence, truth = reading.paper, reading.evidence, reading.paper.truth()
    buyers_vat = paper.buyer.vat_number if paper.embedded_xml else truth.buyer_vat_number
    return {
        "number": (truth.number, _value(evidence.number)),
        "type": (truth.type, _value(evidence.type)),
        "date": (truth.date, _value(evidence.issue_date)),
        "seller": (truth.seller, _value(evidence.seller.name)),
        "seller's VAT number": (truth.seller_vat_number, _value(evidence.seller.vat_id)),
        "seller's SIREN": (_printed_siren(reading, paper.seller.siren), _value(evidence.seller.siren)),
        "buyer's SIREN": (_printed_siren(reading, paper.buyer.siren), _value(evidence.buyer.siren)),
        "buyer": (paper.buyer.name, _value(evidence.buyer.name)),
        "buyer's VAT number": (buyers_vat, _value(evidence.buyer.vat_id)),
        "credited": (truth.credited_number, _value(evidence.credited_number)),
        "mentions": (set(truth.mentions), set(evidence.mentions)),
    }


def _printed_siren(reading: Reading, siren: str | None) -> str | None:
    """A SIREN that the pages or the XML name; a VAT number that ends with it is none."""
    return siren if siren and f"SIREN {siren[:3]} {siren[3:6]} {siren[6:]}" in reading.text else None


def _sums(reading: Reading) -> dict[str, tuple[object, object]]:
    paper, evidence, truth = reading.paper, reading.evidence, reading.paper.truth()
    has_net = paper.embedded_xml or paper.layout not in NO_NET
    has_vat = paper.embedded_xml or paper.layout not in NO_VAT
    return {
        "currency": (truth.currency, _value(evidence.currency)),
        "net": (truth.net_cents if has_net else None, _value(evidence.net_cents)),
        "VAT": (truth.vat_cents if has_vat else None, _value(evidence.vat_cents)),
        "gross": (truth.gross_cents, _value(evidence.gross_cents)),
        "VAT by rate": (_true_rates(reading), {(group.rate, group.base_cents, group.vat_cents) for group in evidence.vat}),
    }


def _true_rates(reading: Reading) -> set[tuple[str, int, int]]:
    """Of the XML, or of the page; a page that prints no rate has none."""
    taxes = {(f"{tax.rate.normalize():f}", tax.base_cents, tax.vat_cents) for tax in reading.paper.truth().taxes}
    return taxes if reading.paper.embedded_xml or all(_rate_shown(rate, reading.text) for rate, _, _ in taxes) else set()


def _value(fact: Fact[Any] | None) -> Any:
    return fact and fact.value


def _shown(evidence: Evidence, text: str) -> Iterator[tuple[str, bool]]:
    """Each value of origin text by name, and whether the page shows it."""
    for name, fact in (("number", evidence.number), ("credited", evidence.credited_number)):
        if fact and fact.origin == TEXT:
            yield f"{name} {fact.value}", fact.value in text
    if evidence.issue_date and evidence.issue_date.origin == TEXT:
        yield f"day {evidence.issue_date.value}", _day_shown(evidence.issue_date.value, text)
    if evidence.currency and evidence.currency.origin == TEXT:
        yield f"currency {evidence.currency.value}", evidence.currency.value in text or "€" in text
    for party in (evidence.seller, evidence.buyer):
        yield from _party_shown(party, text)
    yield from _sums_shown(evidence, text)


def _party_shown(party: Party, text: str) -> Iterator[tuple[str, bool]]:
    facts = [fact for fact in (party.name, party.vat_id, party.siren) if fact and fact.origin == TEXT]
    yield from ((fact.value, fact.value.replace(" ", "") in re.sub(r"[ .-]", "", text) or fact.value in text) for fact in facts)
    if party.country and party.country.origin == TEXT:
        country = party.country.value
        yield country, any(name in text for name in (*_COUNTRIES.get(country, "").split(), f"{country}-"))


def _sums_shown(evidence: Evidence, text: str) -> Iterator[tuple[str, bool]]:
    totals = [fact for fact in (evidence.net_cents, evidence.vat_cents, evidence.gross_cents) if fact]
    unprinted = [fact.value for fact in totals if fact.origin == TEXT and not amount_shown(fact.value, text)]
    yield f"totals {unprinted}", unprinted == [] or (len(unprinted) == 1 and adds_up([fact.value for fact in totals]))
    for group in evidence.vat:
        if group.origin == TEXT:
            yield f"rate {group.rate}", _rate_shown(group.rate or "", text)
            yield f"base {group.base_cents}", amount_shown(group.base_cents, text)
            yield f"tax {group.vat_cents}", amount_shown(group.vat_cents, text)


def adds_up(totals: list[int]) -> bool:
    """Net, VAT and gross: then one of them follows from the two that are printed (VAT at two rates without a sum of them)."""
    return len(totals) == 3 and totals[0] + totals[1] == totals[2]


def amount_shown(cents: int, text: str) -> bool:
    """Whether an amount is printed, its sign aside: `123456` as `1 234,56`, `1,234.56`, `1234.56` …"""
    whole, fraction = divmod(abs(cents), 100)
    digits = f"{whole:,}".replace(",", "[ .,'\u00a0\u202f]?")
    decimals = rf"[.,]{fraction:02}" if fraction else r"(?:[.,]00)?"
    return re.search(rf"(?<!\d)(?<!\d[.,])0*{digits}{decimals}(?!\d)", text) is not None


def _rate_shown(rate: str, text: str) -> bool:
    whole, _, fraction = rate.partition(".")
    return re.search(rf"(?<![\d.,]){whole}{'[.,]' + fraction if fraction else ''}(?:[.,]?0*)?\s?%", text) is not None


def _day_shown(day: date, text: str) -> bool:
    """In figures, or with the name of the month, whatever stands between."""
    names = "|".join(_MONTHS[day.month - 1].split())
    figures = rf"{day.year}-{day.month:02}-{day.day:02}|0?{day.day}[/.-]0?{day.month}[/.-]{day.year}"
    words = rf"\b0?{day.day}(?:er|\.)? (?:{names}) {day.year}|(?:{names}) {day.day}, {day.year}"
    return re.search(rf"{figures}|{words}", text, re.IGNORECASE) is not None


def _text_lines(evidence: Evidence) -> list[Any]:
    return [line for line in evidence.lines if line.origin == TEXT]


def _line_shown(line: Any, text: str) -> bool:
    """A line's net amount is printed, or the unit price is and its quantity (lines printed with VAT)."""
    if amount_shown(line.net_cents, text):
        return True
    quantity = int(line.quantity) if (line.quantity or "").isdecimal() else 0
    return quantity > 0 and line.net_cents % quantity == 0 and amount_shown(line.net_cents // quantity, text)
