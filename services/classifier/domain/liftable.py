"""What a person may decide about each hold there is: lift it, giving this or that, or do something else first (decision 0089).

One table for the whole product. Reasons are told apart by who gives them: the fetcher (`collection`: nothing is said of the document yet),
the classifier (`classification`), the ledger (`booking`).
"""

from collections.abc import Mapping
from typing import NamedTuple

from schemas.hold_lifted.v1 import Given
from schemas.invoice_collected.v1 import Lift
from services.classifier.domain import holds
from services.classifier.domain.holds import HOLDS, Hold

COLLECTION, CLASSIFICATION, BOOKING = "collection", "classification", "booking"
ACCOUNT, BECAUSE = "account", "because"
SMALL_CENTS = 5_00  # what may go to 658 or 758 for good; more waits on 471 for an accountant (accounting rule A10.15)
LOSS, GAIN, WAITING = "658000", "758000", "471000"


class Answer(NamedTuple):
    """What a person may decide about a hold.

    `means` = in French, what lifting it does, or what to do instead. `gives` = what the decision must say: fields of Given, `account`,
    `because`. `choices` = the values a given `type`, `regime` or `account` may have.
    """

    means: str
    gives: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    is_liftable: bool = True
    is_look_again: bool = False  # the cure is elsewhere: the document only comes back


def _not(means: str) -> Answer:
    return Answer(means, is_liftable=False)


def _by_hand(hold: type[Hold]) -> Answer:
    return _not(hold.next_action)


def _without_deducting(what: str) -> Answer:
    return Answer(f"Comptabiliser {what} sans déduire la TVA, qui entre dans le coût.", (BECAUSE,))


def _regime(*choices: str) -> Answer:
    return Answer("Choisir le régime de TVA de ce qui est retenu.", ("regime", BECAUSE), choices)


DIFFERENCE = Answer("Accepter l’écart : jusqu’à 5 € sur 658000 ou 758000, au-delà sur 471000.", (ACCOUNT, BECAUSE), (LOSS, GAIN, WAITING))
TYPE = Answer("Dire ce qu’est le document.", ("type",), ("invoice", "credit_note"))
NO_VAT_PRINTED = ("exempt", "small_business", "margin", "intra_eu", "reverse_charge", "reverse_charge_services", "import")
AFTER_SETTINGS = Answer("Une fois le réglage de l’entreprise corrigé, reprendre le document.", (BECAUSE,), is_look_again=True)
NOT_COLLECTED = _not("Le document n’est pas encore collecté, il n’y a rien à lever : voir « documents manquants » de la connexion.")

OF_CLASSIFICATION: dict[type[Hold], Answer] = {
    holds.DocumentUnreadable: _by_hand(holds.DocumentUnreadable),
    holds.NotAnInvoice: Answer("Comptabiliser la dépense comme un reçu, sans déduire de TVA.", ("type", BECAUSE), ("receipt",)),
    holds.NotAVatInvoice: Answer("Comptabiliser la dépense toutes taxes comprises, sans déduire de TVA.", (BECAUSE,)),
    holds.SelfBilled: TYPE._replace(means="Le mandat est vérifié : dire si c’est une facture ou un avoir.", gives=("type", BECAUSE)),
    holds.TypeMissing: TYPE,
    holds.TypeMismatch: TYPE,
    holds.DocumentTooLong: _by_hand(holds.DocumentTooLong),
    holds.NumberMissing: Answer("Donner le numéro relevé sur le PDF.", ("number",)),
    holds.NumberMismatch: Answer("Le PDF est le bon : donner son numéro.", ("number", BECAUSE)),
    holds.IssueDateMissing: Answer("Donner la date relevée sur le PDF.", ("issue_date",)),
    holds.CurrencyMissing: Answer("Donner la devise relevée sur le PDF.", ("currency",)),
    holds.NoRate: Answer("Donner le cours du jour de la facture : unités de la devise pour un euro.", ("exchange_rate", BECAUSE)),
    holds.TotalsMissing: Answer("Donner les totaux relevés sur le PDF.", ("net_cents", "vat_cents", "gross_cents")),
    holds.TotalsMismatch: DIFFERENCE,
    holds.NegativeTotal: _by_hand(holds.NegativeTotal),
    holds.AmountImplausible: _by_hand(holds.AmountImplausible),
    holds.DocumentContradictsOrder: Answer("Accepter le document tel qu’il est imprimé.", (BECAUSE,)),
    holds.OtherBuyer: Answer("Le document est bien celui de l’entreprise : le prendre sans comparer l’acheteur.", (BECAUSE,)),
    holds.VatWronglyCharged: _regime("foreign"),
    holds.VatRateUnknown: _regime("foreign"),
    holds.VatTableMissing: Answer("Donner le taux unique de la TVA imprimée.", ("vat_rate",)),
    holds.RegimeContradicted: _regime("foreign", *NO_VAT_PRINTED),
    holds.RegimesMixed: _by_hand(holds.RegimesMixed),
    holds.ReverseChargeFromFrance: _regime("reverse_charge"),
    holds.CompanyWithoutVatNumber: AFTER_SETTINGS,
    holds.FrenchRateUnknown: Answer(
        "Une fois la nature des articles donnée par une règle, reprendre le document.", (BECAUSE,), is_look_again=True
    ),
    holds.ReverseCharge: _regime("reverse_charge", "reverse_charge_services", "intra_eu", "import"),
    holds.IntraEu: _regime("intra_eu", "reverse_charge", "import"),
    holds.IntraEuSupplyFromFrance: _regime("exempt"),
    holds.ExportOrImport: _regime("import"),
    holds.SmallBusinessAbroad: _regime("small_business"),
    holds.DeliveryDateMissing: Answer("Donner la date de livraison.", ("delivery_date",)),
    holds.SellerNumberInvalid: _without_deducting("la facture"),
    holds.SellerUnidentified: _without_deducting("la facture"),
    holds.BuyerMissing: _without_deducting("la facture"),
    holds.BuyerNumberMissing: _without_deducting("la TVA due et la facture"),
    holds.ZeroRateUnexplained: _regime(*NO_VAT_PRINTED),
}

OF_BOOKING: dict[str, Answer] = {
    "totals_mismatch": DIFFERENCE,
    "same_document": Answer("Les deux factures sont distinctes : comptabiliser aussi celle-ci.", (BECAUSE,)),
    "deduction_undecided": AFTER_SETTINGS,
    "no_rate": _not("Donner le cours quand le classement le demande ; sinon saisir l’écriture en euros, à la main."),
    "type_unknown": _not("Ouvrir le PDF, puis saisir l’écriture à la main."),
    "regime_unknown": _not("Saisir l’écriture à la main : le livre ne connaît pas ce régime de TVA."),
    "delivery_date_missing": _not("Donner la date quand le classement la demande ; sinon saisir les deux écritures à la main."),
    "too_large_to_book": _not("Vérifier les montants du PDF, puis saisir l’écriture à la main."),
    "too_small_in_euros": _not("Vérifier le cours du document, puis saisir l’écriture en euros à la main."),
    "conflict": _not("Garder la première écriture, ou la corriger : achats-ledger correct, ou reverse une fois validée."),
}

OF_COLLECTION = (
    *("import_disabled", "before_import_start", "not_shipped", "number_unknown", "number_pending", "number_overdue", "document_missing"),
    *("seller_late", "document_never_supplied", "document_failed", "document_given_up", "document_undelivered"),
    *("document_of_another_order", "totals_differ", "request_refused", "answer_unreadable", "archive_empty", "payload_empty"),
    *("payload_no_document", "payload_truncated", "payload_damaged", "payload_encrypted", "payload_too_large", "entity_unknown"),
    "other_entity",
)

ANSWERS: Mapping[tuple[str, str], Answer] = {
    **{(COLLECTION, reason): NOT_COLLECTED for reason in OF_COLLECTION},
    **{(CLASSIFICATION, hold.code()): OF_CLASSIFICATION[hold] for hold in HOLDS},
    **{(BOOKING, reason): answer for reason, answer in OF_BOOKING.items()},
}
"""Every reason of every service, by who gives it."""


def refusal(lift: Lift) -> str | None:
    """Why this decision lifts nothing, in French; None when it may."""
    answer = ANSWERS.get((lift.stage or CLASSIFICATION, lift.reason))
    if answer is None:
        return f"Le motif « {lift.reason} » n’existe pas."
    if not answer.is_liftable:
        return f"Le motif « {lift.reason} » ne se lève pas. {answer.means}"
    missing = [name for name in answer.gives if said_of(lift, name) is None]
    if missing:
        return f"{answer.means} Il manque : {', '.join(map(option, missing))}."
    wrong = [name for name in ("type", "regime", ACCOUNT) if name in answer.gives and said_of(lift, name) not in answer.choices]
    return f"{answer.means} {option(wrong[0])} : {', '.join(answer.choices)}." if wrong else None


def answer_to(lift: Lift) -> Answer | None:
    """What the table says of a decision that may lift its hold; None of another."""
    return ANSWERS[lift.stage or CLASSIFICATION, lift.reason] if refusal(lift) is None else None


def option(name: str) -> str:
    """What a person writes to give it: `gross_cents` → `--gross`."""
    return f"--{name.removesuffix('_cents').replace('_', '-')}"


def said_of(lift: Lift, name: str) -> object:
    """What the decision says of this."""
    if name in (ACCOUNT, BECAUSE):
        return getattr(lift, name)
    return getattr(lift.given or Given(), name)
