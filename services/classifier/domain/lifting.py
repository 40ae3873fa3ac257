"""A document with what people decided about its holds. A decision is used only when its hold arises, once, and lets nothing else pass."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from schemas.hold_lifted.v1 import Given
from schemas.invoice_classified.v1 import ClassifiedLine, ClassifiedVat
from schemas.invoice_collected.v1 import Evidence, InvoiceCollected, Lift, VatGroup
from schemas.values import LONGEST_TEXT, CompanySettings, Fact, Totals
from services.classifier.domain.holds import (
    BuyerMissing,
    BuyerNumberMissing,
    Hold,
    SellerNumberInvalid,
    SellerUnidentified,
    TotalsMismatch,
)
from services.classifier.domain.liftable import BOOKING, GAIN, LOSS, SMALL_CENTS, WAITING, answer_to
from services.classifier.domain.vat.regime import SELF_ASSESSED

BY_A_PERSON = "person:decision"
FACTS = ("type", "number", "issue_date", "currency", "exchange_rate", "delivery_date", "net_cents", "vat_cents", "gross_cents")
NOT_DEDUCTED = (SellerNumberInvalid, SellerUnidentified, BuyerMissing, BuyerNumberMissing)
FLAG = "hold_lifted"


class Case(NamedTuple):
    """A document, with what people gave in the place of what it prints; `used` = the decisions whose hold has arisen."""

    collected: InvoiceCollected
    used: tuple[Lift, ...] = ()

    def after(self, hold: Hold) -> "Case | None":
        """The case once this hold is lifted; None when nobody has, or it has arisen in spite of that."""
        lift = next((one for one in reversed(self.collected.lifted) if one.reason == hold.code() and one.stage != BOOKING), None)
        answer = answer_to(lift) if lift and lift not in self.used else None
        if lift is None or answer is None:
            return None
        return Case(_with_given(self.collected, lift.given, answer.gives), (*self.used, lift))

    def passes(self, *several: type[Hold]) -> bool:
        """Whether one of these holds was lifted."""
        return any(self.lift_of(hold) for hold in several)

    def lift_of(self, hold: type[Hold]) -> Lift | None:
        """The decision that lifted this hold."""
        return next((lift for lift in self.used if lift.reason == hold.code()), None)

    @property
    def regimes(self) -> Mapping[str, str]:
        """The VAT regimes that people chose, by the hold that asked for them."""
        return {lift.reason: lift.given.regime for lift in self.used if lift.given and lift.given.regime}

    @property
    def settings(self) -> CompanySettings:
        """The company's, but that nothing is deducted of a document whose missing mentions a person accepts (CGI 271 II)."""
        settings = self.collected.settings
        return settings.model_copy(update={"deduction_coefficient": "0"}) if self.passes(*NOT_DEDUCTED) else settings

    @property
    def of_booking(self) -> tuple[Lift, ...]:
        """The decisions about holds of the ledger."""
        return tuple(lift for lift in self.collected.lifted if lift.stage == BOOKING and answer_to(lift))

    @property
    def flags(self) -> Sequence[str]:
        """That a person decided about the document."""
        return (FLAG,) if self.collected.lifted else ()

    def rearticled(self, rows: tuple[ClassifiedVat, ...]) -> tuple[ClassifiedVat, ...]:
        """The VAT that is not deducted for a missing mention, under the article that asks for it."""
        article = next((hold.article for hold in NOT_DEDUCTED if self.lift_of(hold)), None)
        return tuple(row.model_copy(update={"article": article}) for row in rows) if article else rows

    def difference(self, totals: Totals, lines: Sequence[ClassifiedLine], rows: Sequence[ClassifiedVat]) -> tuple[ClassifiedLine, ...]:
        """The gap that a person accepts, as a line of its own on the account that the decision names (accounting rule A10.15).

        Raises TotalsMismatch: it does not go there, or more VAT would be deducted than is printed.
        """
        lift = self.lift_of(TotalsMismatch) or next((one for one in self.of_booking if one.reason == TotalsMismatch.code()), None)
        if lift is None or lift.account is None:
            return ()
        charged = [row for row in rows if row.regime not in SELF_ASSESSED]
        gap = totals.gross_cents - sum(line.net_cents for line in lines) - sum(row.vat_cents for row in charged)
        deducted = sum(row.vat_cents if row.deductible_cents is None else row.deductible_cents for row in charged)
        if deducted > max(totals.vat_cents, 0) or not _takes(lift.account, gap):
            raise TotalsMismatch
        return (_line(gap, lift, lift.account),) if gap else ()


def _takes(account: str, gap: int) -> bool:
    """A small loss or gain for good, anything on the waiting account."""
    return account == WAITING or (abs(gap) <= SMALL_CENTS and account == (GAIN if gap < 0 else LOSS))


def _line(gap: int, lift: Lift, account: str) -> ClassifiedLine:
    because = f"accepté par {lift.by} : {lift.because}"[:LONGEST_TEXT]
    return ClassifiedLine(
        label="Écart accepté",
        net_cents=gap,
        vat_rate=None,
        nature="accepted_difference",
        account=account,
        rule="decision",
        because=because,
    )


def _with_given(collected: InvoiceCollected, given: Given | None, names: Sequence[str]) -> InvoiceCollected:
    """What is given of these, in the place of what the document prints and of what Amazon says."""
    if given is None:
        return collected
    facts: dict[str, Any] = {name: getattr(given, name) for name in names if name in FACTS}
    printed: dict[str, Any] = {name: Fact[type(value)](value=value, origin=BY_A_PERSON) for name, value in facts.items()}
    if "vat_rate" in names and given.vat_rate:
        printed["vat"] = _at_one_rate(collected.evidence, given.vat_rate)
    stated = collected.stated.model_copy(update=dict.fromkeys({"type", "number", "issue_date"} & facts.keys()))
    return collected.model_copy(update={"stated": stated, "evidence": collected.evidence.model_copy(update=printed)})


def _at_one_rate(evidence: Evidence, rate: str) -> tuple[VatGroup, ...]:
    """The printed VAT, all at one rate."""
    if evidence.vat:
        return tuple(row if row.rate else row.model_copy(update={"rate": rate, "origin": BY_A_PERSON}) for row in evidence.vat)
    net, vat = (fact.value if fact else 0 for fact in (evidence.net_cents, evidence.vat_cents))
    return (VatGroup(rate=rate, category=None, base_cents=net, vat_cents=vat, origin=BY_A_PERSON),)
