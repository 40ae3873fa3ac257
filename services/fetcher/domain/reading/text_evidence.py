"""The text of a document's pages → Evidence of origin `document:text`. What is not printed, or not surely read, is None."""

from collections.abc import Sequence

from schemas.invoice_collected.v1 import Evidence, EvidenceLine, Party, VatGroup
from schemas.values import MOST_LINES, MOST_ROWS, Fact
from services.fetcher.domain.reading.article_lines import ArticleLine, article_lines
from services.fetcher.domain.reading.heading import credited_number_of, currency_of, day_of, number_of, title_of, titles_of
from services.fetcher.domain.reading.layout import Page
from services.fetcher.domain.reading.limits import whole
from services.fetcher.domain.reading.mentions import mentions_in
from services.fetcher.domain.reading.parties import PrintedParty, parties_of
from services.fetcher.domain.reading.printed import Document
from services.fetcher.domain.reading.totals import PrintedTotals, totals_of
from services.fetcher.domain.reading.turning import credit_side
from services.fetcher.domain.reading.vat_table import Taxes, fits, taxes_of

ORIGIN = "document:text"


def text_evidence(pages: Sequence[Page]) -> Evidence:
    """What the pages say; total: any text has an Evidence."""
    document = Document(pages)
    titles = titles_of(document)
    title = title_of(document, titles)
    taxes = taxes_of(document)
    totals = totals_of(document, taxes)
    vat = _vat_groups(taxes, totals)
    lines = article_lines(document, totals.net, frozenset(group.rate for group in vat if group.rate))
    seller, buyer = parties_of(document)
    kind = _kind(document, title.kind, totals)
    evidence = Evidence(
        reading="text",
        unreadable=None,
        number=_fact(number_of(document, title, titles)),
        type=_fact(kind),
        issue_date=_fact(day_of(document, title)),
        currency=_fact(currency_of(document, totals.printed)),
        credited_number=_fact(credited_number_of(document) if kind == "credit_note" else None),
        seller=_party(seller),
        buyer=_party(buyer),
        net_cents=_fact(totals.net),
        vat_cents=_fact(totals.vat),
        gross_cents=_fact(totals.gross),
        vat=whole(vat, MOST_ROWS),
        lines=tuple(_line(line) for line in whole(lines, MOST_LINES)),
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


def _vat_groups(taxes: Taxes, totals: PrintedTotals) -> tuple[VatGroup, ...]:
    """The table whose sums are the totals, else one under its own heading, else the one rate there is."""
    whole = (table for table in taxes.tables if table.sums == (totals.net, totals.vat))
    table = next(whole, None) or next((table for table in taxes.tables if table.headed), None)
    if table is None:
        return _one_rate(taxes, totals)
    return tuple(_group(row.rate, row.category, row.base_cents, row.vat_cents) for row in table.rows)


def _one_rate(taxes: Taxes, totals: PrintedTotals) -> tuple[VatGroup, ...]:
    """« TVA 20 % : 9,34 » alone: its base is the whole net total, when that gives this tax."""
    if len(taxes.by_rate) != 1 or totals.net is None or taxes.by_rate[0].vat_cents != totals.vat:
        return ()
    only = taxes.by_rate[0]
    return (_group(only.rate, None, totals.net, only.vat_cents),) if fits(totals.net, only.vat_cents, only.rate) else ()


def _group(percent: str, category: str | None, base_cents: int, vat_cents: int) -> VatGroup:
    return VatGroup(rate=percent, category=category, base_cents=base_cents, vat_cents=vat_cents, origin=ORIGIN)
