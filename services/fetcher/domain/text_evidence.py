"""The text of a document's pages → Evidence of origin `document:text`. What is not printed, or not surely read, is None."""

from collections.abc import Sequence

from schemas.invoice_collected.v1 import Evidence, EvidenceLine, Party, VatGroup
from schemas.values import Fact
from services.fetcher.domain.amounts import tax_at
from services.fetcher.domain.article_lines import ArticleLine, article_lines
from services.fetcher.domain.heading import credited_number_of, currency_of, day_of, number_of, title_of
from services.fetcher.domain.layout import Page
from services.fetcher.domain.mentions import mentions_in
from services.fetcher.domain.parties import PrintedParty, parties_of
from services.fetcher.domain.printed import Document
from services.fetcher.domain.totals import PrintedTotals, totals_of
from services.fetcher.domain.turning import credit_side
from services.fetcher.domain.vat_table import ROUNDING_CENTS, TaxRow, is_headed, rate_totals, vat_tables

ORIGIN = "document:text"


def text_evidence(pages: Sequence[Page]) -> Evidence:
    """What the pages say; total: any text has an Evidence."""
    document = Document(pages)
    title = title_of(document)
    totals = totals_of(document)
    vat = _vat_groups(document, totals)
    lines = article_lines(document, totals.net, frozenset(group.rate for group in vat if group.rate))
    seller, buyer = parties_of(document)
    kind = _kind(document, title.kind, totals)
    evidence = Evidence(
        reading="text",
        unreadable=None,
        number=_fact(number_of(document, title.kind)),
        type=_fact(kind),
        issue_date=_fact(day_of(document, title)),
        currency=_fact(currency_of(document, totals.printed)),
        credited_number=_fact(credited_number_of(document) if kind == "credit_note" else None),
        seller=_party(seller),
        buyer=_party(buyer),
        net_cents=_fact(totals.net),
        vat_cents=_fact(totals.vat),
        gross_cents=_fact(totals.gross),
        vat=vat,
        lines=tuple(_line(line) for line in lines),
        mentions=mentions_in(document.plain),
    )
    return credit_side(evidence)


def _fact[T](value: T | None) -> Fact[T] | None:
    return None if value is None else Fact(value=value, origin=ORIGIN)


def _kind(document: Document, title: str | None, totals: PrintedTotals) -> str | None:
    """The type in the contract's words; a « Gutschrift » is a credit note when it names an invoice or its amounts are negative."""
    if title != "gutschrift":
        return title
    return "credit_note" if credited_number_of(document) or (totals.gross or 0) < 0 else None


def _party(party: PrintedParty) -> Party:
    return Party(name=_fact(party.name), vat_id=_fact(party.vat_id), siren=_fact(party.siren), country=_fact(party.country))


def _line(line: ArticleLine) -> EvidenceLine:
    return EvidenceLine(label=line.label, quantity=line.quantity, net_cents=line.net_cents, vat_rate=line.vat_rate, origin=ORIGIN)


def _vat_groups(document: Document, totals: PrintedTotals) -> tuple[VatGroup, ...]:
    """The table whose sums are the totals, else one under its own heading, else the one rate there is."""
    tables = vat_tables(document)
    whole = (table for table in tables if _sums(table) == (totals.net, totals.vat))
    table = next(whole, None) or next((table for table in tables if is_headed(document, table)), None)
    if table is None:
        return _one_rate(document, totals)
    return tuple(
        VatGroup(rate=row.rate, category=row.category, base_cents=row.base_cents, vat_cents=row.vat_cents, origin=ORIGIN) for row in table
    )


def _sums(table: Sequence[TaxRow]) -> tuple[int, int]:
    return sum(row.base_cents for row in table), sum(row.vat_cents for row in table)


def _one_rate(document: Document, totals: PrintedTotals) -> tuple[VatGroup, ...]:
    """« TVA 20 % : 9,34 » alone: its base is the whole net total, when that gives this tax."""
    rates = rate_totals(document)
    if len(rates) != 1 or totals.net is None or rates[0].vat_cents != totals.vat:
        return ()
    if abs(tax_at(totals.net, rates[0].rate) - rates[0].vat_cents) > ROUNDING_CENTS:
        return ()
    return (VatGroup(rate=rates[0].rate, category=None, base_cents=totals.net, vat_cents=rates[0].vat_cents, origin=ORIGIN),)
