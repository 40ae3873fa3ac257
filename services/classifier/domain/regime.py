"""The VAT regime (accounting table A4): French VAT charged by a seller established in France; everything else is held with its reason."""

from decimal import Decimal
from itertools import chain

from schemas.invoice_classified.v1 import ClassifiedVat
from schemas.invoice_collected.v1 import Evidence, Party, VatGroup
from schemas.values import Totals
from services.classifier.domain.holds import (
    ExportOrImport,
    ForeignVat,
    Hold,
    IntraEu,
    IntraEuSupplyFromFrance,
    MarginScheme,
    ReverseCharge,
    SmallBusiness,
    VatRateUnknown,
    VatTableMissing,
    VatWronglyCharged,
    ZeroRateUnexplained,
)
from services.classifier.domain.rates import UNTAXED, plain

DOMESTIC = "domestic"
FRENCH_RATES = ("20", "10", "5.5", "2.1", "8.5")  # CGI 278 to 281 nonies; 8.5 % in Guadeloupe, Martinique and La Réunion (CGI 296)
FRENCH_PLACES = ("FR", "MC", "GP", "MQ", "RE")  # where French VAT applies, as ISO 3166-1 names it
ANNOUNCED: dict[str, type[Hold]] = {
    "reverse_charge": ReverseCharge,
    "intra_eu_supply": IntraEu,
    "export": ExportOrImport,
    "small_business_exempt": SmallBusiness,
    "margin_scheme": MarginScheme,
}
CATEGORIES: dict[str, type[Hold]] = {"ae": ReverseCharge, "k": IntraEu, "g": ExportOrImport}  # EN 16931, BT-118


def refuse_announced(evidence: Evidence) -> None:
    """Hold a document that says itself, in words or by the category of a VAT row, that it is not an ordinary domestic one."""
    by_mention = (reason for mention, reason in ANNOUNCED.items() if mention in evidence.mentions)
    by_category = (reason for category, reason in CATEGORIES.items() if any(group.category == category for group in evidence.vat))
    if reason := next(chain(by_mention, by_category), None):
        raise IntraEuSupplyFromFrance if reason is IntraEu and _sells_from_france(evidence.seller) else reason


def domestic_vat(evidence: Evidence, totals: Totals) -> tuple[ClassifiedVat, ...]:
    """The deductible French VAT by rate, lowest rate first; a rate of zero has none (accounting rule A10.17)."""
    charged = [group for group in evidence.vat if group.vat_cents or plain(group.rate or UNTAXED) != UNTAXED]
    if charged or totals.vat_cents:
        _refuse_foreign_vat(evidence.seller)
        _refuse_unreadable_table(evidence.vat)
    if len(charged) < len(evidence.vat) or not evidence.vat:
        _refuse_unexplained_zero(evidence.seller)
    return _by_rate(charged)


def is_established(seller: Party) -> bool:
    """Whether the document shows a French seat or branch; a French VAT number alone does not prove one (accounting rule A10.3)."""
    branch = seller.name is not None and "succursale" in seller.name.value.casefold()
    return branch or (seller.country is not None and seller.country.value in FRENCH_PLACES)


def _sells_from_france(seller: Party) -> bool:
    """Established here, or of unknown place with a French number: then an exempt intra-EU supply leaves France (CGI 262 ter I)."""
    has_french_number = seller.vat_id is not None and seller.vat_id.value.strip().upper().startswith("FR")
    return is_established(seller) or (seller.country is None and has_french_number)


def _refuse_foreign_vat(seller: Party) -> None:
    has_foreign_number = seller.vat_id is not None and not seller.vat_id.value.strip().upper().startswith("FR")
    is_abroad = seller.country is not None and not is_established(seller)
    if has_foreign_number or (is_abroad and seller.vat_id is None):
        raise ForeignVat
    if is_abroad:
        raise VatWronglyCharged


def _refuse_unreadable_table(groups: tuple[VatGroup, ...]) -> None:
    if not groups or any(group.rate is None and group.vat_cents for group in groups):
        raise VatTableMissing
    if any(plain(group.rate or UNTAXED) not in (*FRENCH_RATES, UNTAXED) for group in groups):
        raise VatRateUnknown


def _refuse_unexplained_zero(seller: Party) -> None:
    """An established seller's untaxed lines are exempt or out of scope; anyone else must say why there is no VAT."""
    if not is_established(seller):
        raise ZeroRateUnexplained


def _by_rate(charged: list[VatGroup]) -> tuple[ClassifiedVat, ...]:
    rates = sorted({plain(group.rate or UNTAXED) for group in charged}, key=Decimal)
    return tuple(_sum_of_rate(rate, [group for group in charged if plain(group.rate or UNTAXED) == rate]) for rate in rates)


def _sum_of_rate(rate: str, groups: list[VatGroup]) -> ClassifiedVat:
    base, vat = sum(group.base_cents for group in groups), sum(group.vat_cents for group in groups)
    return ClassifiedVat(rate=rate, base_cents=base, vat_cents=vat, regime=DOMESTIC)
