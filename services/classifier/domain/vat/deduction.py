"""How much of a VAT is deducted, and the text that says so (CGI 271; accounting rules A3.4, A10.5)."""

from decimal import Decimal
from typing import NamedTuple

from schemas.values import CompanySettings
from services.classifier.domain.vat.regime import DOMESTIC, FOREIGN, RECEIPT, SELF_ASSESSED

DEDUCTIBLE, BY_THE_BUYER, NOT_DEDUCTIBLE, NOTHING = "deductible", "reverse_charge", "not_deductible", "nothing_to_deduct"
GIFT_ARTICLE = "CGI ann. II 206 IV-2-3°"


class Right(NamedTuple):
    """The opinion on one VAT: the part that is deducted, 0 to 1, in a word, and the article."""

    part: Decimal
    opinion: str
    article: str


def right_to_deduct(regime: str, article: str, settings: CompanySettings, *, is_excluded: bool = False) -> Right:
    """The right to deduct under a regime; `is_excluded`: goods whose VAT nobody deducts, such as gifts above the limit."""
    if regime in (FOREIGN, RECEIPT):
        return Right(Decimal(), NOT_DEDUCTIBLE, article)
    if regime != DOMESTIC and regime not in SELF_ASSESSED:
        return Right(Decimal(), NOTHING, article)
    if is_excluded:
        return Right(Decimal(), NOT_DEDUCTIBLE, GIFT_ARTICLE)
    if settings.vat_regime == "franchise":
        return Right(Decimal(), BY_THE_BUYER if regime in SELF_ASSESSED else NOT_DEDUCTIBLE, f"{article} ; CGI 293 E")
    part = Decimal(settings.deduction_coefficient)
    partly = f"{article} ; CGI ann. II 205" if part < 1 else article
    return Right(part, BY_THE_BUYER if regime in SELF_ASSESSED else DEDUCTIBLE if part else NOT_DEDUCTIBLE, partly)
