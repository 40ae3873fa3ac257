"""A document for each of the classifier's hold reasons, which provokes it."""

from schemas.invoice_collected.v1 import InvoiceCollected
from services.classifier.domain import holds
from services.classifier.domain.holds import Hold
from tests.support.collected import charge as charged
from tests.support.collected import (
    collected,
    evidence,
    fact,
    german_seller,
    line,
    party,
    settings,
    stated,
    unreadable_document,
    vat,
)

PAPER = (line("Papier", 100_00),)
CHINESE_IN_GERMANY = party("Shenzhen Lianqiao Co., Ltd", "DE813470268", None, "CN")
AT_TWENTY = (vat("20", 100_00, 20_00),)


def paper(**changes: object) -> InvoiceCollected:
    """100,00 € of paper at 20 %, changed."""
    return collected(evidence(PAPER, AT_TWENTY, **changes), stated(number=None, kind=None))


def untaxed(category: str | None = None, **changes: object) -> InvoiceCollected:
    """100,00 € without VAT, changed."""
    return collected(evidence((line("Papier", 100_00, "0"),), (vat("0", 100_00, 0, category),), **changes))


def dear(**changes: object) -> InvoiceCollected:
    """200,00 € of paper at 20 %: above what a simplified invoice may be."""
    return collected(evidence((line("Papier", 200_00),), (vat("20", 200_00, 40_00),), **changes))


PROVOKED: dict[type[Hold], InvoiceCollected] = {
    holds.DocumentUnreadable: unreadable_document(),
    holds.NotAnInvoice: paper(type=fact("proforma")),
    holds.NotAVatInvoice: paper(mentions=("not_a_vat_invoice",)),
    holds.SelfBilled: paper(type=fact("self_billed")),
    holds.TypeMissing: paper(type=None),
    holds.TypeMismatch: collected(evidence(PAPER, AT_TWENTY), stated(kind="credit_note")),
    holds.DocumentTooLong: collected(evidence((line("Papier " * 71, 5),) * 2_000, AT_TWENTY), stated(number=None, kind=None)),
    holds.NumberMissing: paper(number=None),
    holds.NumberMismatch: collected(evidence(PAPER, AT_TWENTY), stated(number="FR-OTHER")),
    holds.IssueDateMissing: collected(evidence(PAPER, AT_TWENTY, issue_date=None), stated().model_copy(update={"issue_date": None})),
    holds.CurrencyMissing: paper(currency=None),
    holds.NoRate: paper(currency=fact("USD")),
    holds.TotalsMissing: paper(gross_cents=None),
    holds.TotalsMismatch: paper(gross_cents=fact(121_00)),
    holds.NegativeTotal: paper(gross_cents=fact(-120_00)),
    holds.AmountImplausible: collected(evidence((), (vat("20", 10**12 + 5, (10**12 + 5) // 5),))),
    holds.DocumentContradictsOrder: collected(evidence(PAPER, AT_TWENTY), stated((charged("Papier", total_cents=119_00),))),
    holds.OtherBuyer: paper(buyer=party("Durand SA", "FR83404833048")),
    holds.VatWronglyCharged: paper(seller=party("Negozio SRL", "FR88902100478", None, "IT")),
    holds.VatRateUnknown: collected(evidence((line("Papier", 100_00, "19.6"),), (vat("19.6", 100_00, 19_60),))),
    holds.VatTableMissing: paper(vat=()),
    holds.RegimeContradicted: paper(mentions=("reverse_charge",)),
    holds.RegimesMixed: collected(
        evidence((line("Papier", 100_00, "0"),), (vat("0", 60_00, 0, "k"), vat("0", 40_00, 0, "g")), seller=CHINESE_IN_GERMANY)
    ),
    holds.ReverseChargeFromFrance: untaxed("ae"),
    holds.CompanyWithoutVatNumber: untaxed("ae", seller=german_seller(), buyer=party("Dupont")).model_copy(
        update={"settings": settings(vat_id=None)}
    ),
    holds.FrenchRateUnknown: collected(
        evidence((line("Objet décoratif", 100_00, "0"),), (vat("0", 100_00, 0, "k"),), seller=german_seller())
    ),
    holds.ReverseCharge: untaxed("ae", seller=party("Inconnu")),
    holds.IntraEu: untaxed("k", seller=party("Händler", None, None, "DE")),
    holds.IntraEuSupplyFromFrance: untaxed("k", buyer=party("Papelería del Río SL", "ESB12345674", None, "ES")).model_copy(
        update={"settings": settings(buyer_check=False)}
    ),
    holds.ExportOrImport: untaxed("g"),
    holds.SmallBusinessAbroad: untaxed(mentions=("small_business_exempt",), seller=german_seller()),
    holds.DeliveryDateMissing: paper().model_copy(update={"settings": settings(vat_timing="strict")}),
    holds.SellerNumberInvalid: paper(seller=party("Vendeur", "FR00902100478", None, "FR")),
    holds.SellerUnidentified: dear(seller=party("Vendeur", None, None, "FR")),
    holds.BuyerMissing: dear(buyer=party()),
    holds.BuyerNumberMissing: untaxed("ae", seller=german_seller(), buyer=party("Dupont SARL", None, "732829320", "FR")),
    holds.ZeroRateUnexplained: untaxed(seller=german_seller()),
}
