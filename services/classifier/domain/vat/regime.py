"""The VAT regime, as one table of conditions (accounting.md A4 and A10): the first row that fits decides, or holds the document.

Zero VAT alone decides nothing: what the document says, the seller's seat and VAT number and the place of departure do.
"""

from functools import lru_cache
from typing import NamedTuple

from schemas.invoice_collected.v1 import Evidence, VatGroup
from schemas.values import CompanySettings
from services.classifier.domain import holds
from services.classifier.domain.holds import Hold
from services.classifier.domain.vat.rates import FRENCH_RATES, UNTAXED, plain
from services.classifier.domain.vat.standing import Standing, standing_of
from services.classifier.domain.vat.territories import EU, OUTSIDE, charges, place_of

DOMESTIC, EXEMPT, FOREIGN, RECEIPT = "domestic", "exempt", "foreign", "receipt"
INTRA_EU, REVERSE_CHARGE, REVERSE_CHARGE_SERVICES = "intra_eu", "reverse_charge", "reverse_charge_services"
IMPORT, SMALL_BUSINESS, MARGIN = "import", "small_business", "margin"
CHARGED = (DOMESTIC, EXEMPT, FOREIGN, RECEIPT)  # what the document prints is what there is
SELF_ASSESSED = (INTRA_EU, REVERSE_CHARGE, REVERSE_CHARGE_SERVICES)

MENTIONS = {
    "reverse_charge": "reverse_charge",
    "intra_eu_supply": "intra_eu",
    "export": "export",
    "small_business_exempt": "small_business",
    "margin_scheme": "margin",
}
NO_INVOICE = "not_a_vat_invoice"
CATEGORIES = {"ae": "reverse_charge", "k": "intra_eu", "g": "export"}  # EN 16931, BT-118


class Situation(NamedTuple):
    """What decides the regime of one row of a document's VAT, in the words of the table's columns."""

    paper: str  # invoice, receipt
    says: str  # nothing, reverse_charge, intra_eu, export, small_business, margin, several
    vat: str  # none, french, foreign, unknown: whose VAT is charged
    lines: str  # goods, services
    seller: str  # here, eu, outside, unknown: its seat or branch (a French number proves none, A10.3)
    number: str  # here, eu, outside, none: its VAT number
    departure: str  # here, eu, outside, unknown: where the goods leave
    buyer: str  # identified, unidentified: whether the company has a VAT number


class Row(NamedTuple):
    """Conditions, each a column and the words it may have; a column that is not named may have any.

    Then a regime and the article that decides it, or a hold, which names its own.
    """

    when: dict[str, str]
    then: str | type[Hold]
    article: str = ""


ANY_VAT = "french foreign unknown"

TABLE: tuple[Row, ...] = (
    # A receipt is no invoice: nothing printed on it is deducted.
    Row({"paper": "receipt", "says": "reverse_charge intra_eu several"}, holds.RegimeContradicted),
    Row({"paper": "receipt"}, RECEIPT, "CGI 271 II-1-a"),
    # Announced without VAT, and charged all the same; or announced twice.
    Row({"says": "several"}, holds.RegimeContradicted),
    Row({"says": "reverse_charge intra_eu export small_business margin", "vat": ANY_VAT}, holds.RegimeContradicted),
    # VAT is charged: whose, and might the seller?
    Row({"vat": "unknown"}, holds.VatRateUnknown),
    Row({"vat": "foreign"}, FOREIGN, "directive 2008/9 art. 4"),
    Row({"vat": "french", "seller": "eu outside"}, holds.VatWronglyCharged),
    Row({"vat": "french"}, DOMESTIC, "CGI 271 I-1"),
    # No VAT, and the document says why.
    Row({"says": "small_business", "seller": "eu outside"}, holds.SmallBusinessAbroad),
    Row({"says": "small_business"}, SMALL_BUSINESS, "CGI 293 B"),
    Row({"says": "margin"}, MARGIN, "CGI 297 E"),
    Row({"says": "reverse_charge intra_eu", "seller": "eu outside", "buyer": "unidentified"}, holds.CompanyWithoutVatNumber),
    Row({"says": "reverse_charge", "seller": "here"}, holds.ReverseChargeFromFrance),
    Row({"says": "reverse_charge", "lines": "services", "seller": "eu outside"}, REVERSE_CHARGE_SERVICES, "CGI 283-2, 259-1°"),
    Row({"says": "reverse_charge", "seller": "eu outside", "departure": "here unknown"}, REVERSE_CHARGE, "CGI 283-1"),
    Row({"says": "reverse_charge"}, holds.ReverseCharge),
    Row({"says": "intra_eu", "seller": "here"}, holds.IntraEuSupplyFromFrance),
    Row({"says": "intra_eu", "number": "here"}, holds.IntraEuSupplyFromFrance),
    Row({"says": "intra_eu", "lines": "services", "number": "eu"}, REVERSE_CHARGE_SERVICES, "CGI 283-2, 259-1°"),
    Row({"says": "intra_eu", "number": "eu", "departure": "eu unknown"}, INTRA_EU, "CGI 256 bis, 283-2 bis"),
    Row({"says": "intra_eu"}, holds.IntraEu),
    Row({"says": "export", "seller": "outside", "departure": "outside unknown"}, IMPORT, "CGI 291, 293 A"),
    Row({"says": "export", "seller": "eu unknown", "departure": "outside"}, IMPORT, "CGI 291, 293 A"),
    Row({"says": "export"}, holds.ExportOrImport),
    # No VAT, and not a word: a French seller may be exempt (A10.17); otherwise the place of departure tells, or nobody does.
    Row({"seller": "here"}, EXEMPT, "CGI 261"),
    Row({"lines": "goods", "seller": "eu outside", "departure": "here", "buyer": "identified"}, REVERSE_CHARGE, "CGI 283-1"),
    Row({"lines": "goods", "number": "eu", "departure": "eu", "buyer": "identified"}, INTRA_EU, "CGI 256 bis, 283-2 bis"),
    Row({"lines": "goods", "seller": "eu outside", "departure": "outside"}, IMPORT, "CGI 291, 293 A"),
    Row({}, holds.ZeroRateUnexplained),
)  # fmt: skip


@lru_cache(maxsize=5_000)  # there are not many situations
def row_of(situation: Situation) -> Row:
    """The first row whose conditions all hold; the last has none."""
    return next(row for row in TABLE if all(getattr(situation, column) in words.split() for column, words in row.when.items()))


def situation_of(evidence: Evidence, group: VatGroup, lines: str, paper: str, settings: CompanySettings) -> Situation:
    """What the table asks, of one row of the document's VAT."""
    seller, says = standing_of(evidence.seller), _says(evidence, group)
    return Situation(
        paper=paper,
        says=says,
        vat=_whose_vat(seller, group) if _is_charged(group, says) else "none",
        lines=lines,
        seller=seller.seat,
        number=seller.number,
        departure=place_of(evidence.departure.value if evidence.departure else None),
        buyer="identified" if settings.vat_id or evidence.buyer.vat_id else "unidentified",
    )


def _is_charged(group: VatGroup, says: str) -> bool:
    """Whether the row charges VAT; where the document says why it charges none, a rate printed all the same is only a label."""
    labelled = group.category not in (None, "s") or says != "nothing"
    return bool(group.vat_cents) or (not labelled and plain(group.rate or UNTAXED) != UNTAXED)


def _says(evidence: Evidence, group: VatGroup) -> str:
    """What is announced for this row: by its category, and by mentions that no row's category states."""
    by_rows = {CATEGORIES[row.category] for row in evidence.vat if row.category in CATEGORIES}
    by_mentions = {MENTIONS[mention] for mention in evidence.mentions if mention in MENTIONS} - by_rows
    own = {CATEGORIES[group.category]} if group.category in CATEGORIES else set[str]()
    said = own | by_mentions
    return "several" if len(said) > 1 else next(iter(said), "nothing")


def _whose_vat(seller: Standing, group: VatGroup) -> str:
    """The country whose VAT a row charges: of the seller's number, else of its seat, when that country has the rate."""
    rate = plain(group.rate or UNTAXED)
    if charges(rate, seller.country) and not seller.is_here:
        return "foreign"
    if rate in FRENCH_RATES:
        return "french"
    return "foreign" if seller.seat in (EU, OUTSIDE) else "unknown"
