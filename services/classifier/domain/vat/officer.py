"""The VAT officer: whether a document gives the right to deduct what it prints (CGI 271 II, 289; ann. II 242 nonies A).

What is missing or wrong is asked about before anything is deducted; up to 150 euros net, numbers may be missing (rule A10.14). A seller of
outside the Union whose VAT the buyer owes need not have one (CGI 286 ter 1°).
"""

from collections.abc import Iterable
from functools import lru_cache

from stdnum.eu import vat as eu_vat
from stdnum.fr import siren as siren_number

from schemas.invoice_classified.v1 import ClassifiedVat
from schemas.invoice_collected.v1 import Evidence, Party
from schemas.values import Totals
from services.classifier.domain.holds import BuyerMissing, BuyerNumberMissing, SellerNumberInvalid, SellerUnidentified
from services.classifier.domain.vat.regime import DOMESTIC, INTRA_EU, SELF_ASSESSED
from services.classifier.domain.vat.standing import standing_of
from services.classifier.domain.vat.territories import OUTSIDE

SIMPLIFIED_CENTS = 150_00  # CGI ann. II 242 nonies A II: mentions that a small invoice may leave out


def check_right(evidence: Evidence, totals: Totals, rows: Iterable[ClassifiedVat]) -> None:
    """Hold what the tax office could refuse: the seller's number, the buyer, and for VAT the buyer owes, the buyer's number."""
    deducting = [row for row in rows if row.deductible_cents]
    if not deducting:
        return
    _check_seller(evidence.seller, totals, {row.regime for row in deducting})
    is_small = totals.net_cents <= SIMPLIFIED_CENTS
    if not is_small and not _is_named(evidence.buyer):
        raise BuyerMissing
    if any(row.regime in SELF_ASSESSED for row in deducting) and evidence.buyer.vat_id is None:
        raise BuyerNumberMissing


def _is_named(buyer: Party) -> bool:
    return any((buyer.name, buyer.vat_id, buyer.siren, buyer.country))


def _check_seller(seller: Party, totals: Totals, regimes: set[str]) -> None:
    counts = DOMESTIC in regimes or INTRA_EU in regimes
    if counts and seller.vat_id is not None and not _is_vat_number(seller.vat_id.value):
        raise SellerNumberInvalid
    if seller.siren is not None and seller.vat_id is None and not siren_number.is_valid(seller.siren.value[:11]):
        raise SellerNumberInvalid
    if seller.vat_id is None and seller.siren is None and totals.net_cents > SIMPLIFIED_CENTS and standing_of(seller).seat != OUTSIDE:
        raise SellerUnidentified


@lru_cache(maxsize=10_000)
def _is_vat_number(text: str) -> bool:
    return eu_vat.is_valid(text)
