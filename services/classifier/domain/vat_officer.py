"""The VAT officer: whether a document gives the right to deduct what it prints (CGI 271 II, 289; ann. II 242 nonies A).

What is missing or wrong is asked about before anything is deducted; up to 150 euros net, numbers may be missing (rule A10.14).
"""

from collections.abc import Iterable
from functools import lru_cache

from stdnum.eu import vat as eu_vat
from stdnum.fr import siren as siren_number

from schemas.invoice_classified.v1 import ClassifiedLine, ClassifiedVat
from schemas.invoice_collected.v1 import Evidence, Party
from schemas.values import Totals
from services.classifier.domain.holds import BuyerMissing, BuyerNumberMissing, SellerNumberInvalid, SellerUnidentified
from services.classifier.domain.regime import DOMESTIC, INTRA_EU, SELF_ASSESSED
from services.classifier.domain.rulebook import Rulebook

SIMPLIFIED_CENTS = 150_00  # CGI ann. II 242 nonies A II: mentions that a small invoice may leave out
OVERSEAS = {"20": "8.5", "10": "2.1", "5.5": "2.1", "2.1": "1.05"}  # CGI 296: Guadeloupe, Martinique, La Réunion


def check_right(evidence: Evidence, totals: Totals, rows: Iterable[ClassifiedVat]) -> None:
    """Hold what the tax office could refuse: the seller's number, the buyer, and for VAT the buyer owes, the buyer's number."""
    deducting = [row for row in rows if row.deductible_cents]
    if not deducting:
        return
    _check_seller(evidence.seller, totals, {row.regime for row in deducting})
    is_small = totals.net_cents <= SIMPLIFIED_CENTS
    if evidence.buyer == Party(name=None, vat_id=None, siren=None, country=None) and not is_small:
        raise BuyerMissing
    if any(row.regime in SELF_ASSESSED for row in deducting) and evidence.buyer.vat_id is None:
        raise BuyerNumberMissing


def _check_seller(seller: Party, totals: Totals, regimes: set[str]) -> None:
    counts = DOMESTIC in regimes or INTRA_EU in regimes
    if counts and seller.vat_id is not None and not _is_vat_number(seller.vat_id.value):
        raise SellerNumberInvalid
    if seller.siren is not None and seller.vat_id is None and not siren_number.is_valid(seller.siren.value[:11]):
        raise SellerNumberInvalid
    if seller.vat_id is None and seller.siren is None and totals.net_cents > SIMPLIFIED_CENTS:
        raise SellerUnidentified


@lru_cache(maxsize=10_000)
def _is_vat_number(text: str) -> bool:
    return eu_vat.is_valid(text)


def is_rate_doubtful(lines: Iterable[ClassifiedLine], rows: Iterable[ClassifiedVat], rulebook: Rulebook) -> bool:
    """Whether a French rate is printed on goods that have another one: VAT above the legal rate is not deductible (CGI 271 II-1-a)."""
    charged = {row.rate for row in rows if row.regime == DOMESTIC}
    return any(_is_odd(line, rulebook) for line in lines if line.vat_rate in charged)


def _is_odd(line: ClassifiedLine, rulebook: Rulebook) -> bool:
    nature = rulebook.natures.get(line.nature)
    if nature is None or nature.french_rate is None:
        return False
    usual = {nature.french_rate, *nature.other_rates}
    return line.vat_rate not in usual | {OVERSEAS.get(rate, rate) for rate in usual}
