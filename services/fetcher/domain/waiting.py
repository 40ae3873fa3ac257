"""Why something that was collected or expected is not said yet, in the closed list that runs count by and people read."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class Waiting(StrEnum):
    """Why something that was collected or expected is not emitted."""

    IMPORT_DISABLED = "import_disabled"
    BEFORE_IMPORT_START = "before_import_start"
    NOT_SHIPPED = "not_shipped"
    NUMBER_UNKNOWN = "number_unknown"
    NUMBER_PENDING = "number_pending"
    NUMBER_OVERDUE = "number_overdue"
    DOCUMENT_MISSING = "document_missing"
    SELLER_LATE = "seller_late"
    DOCUMENT_NEVER_SUPPLIED = "document_never_supplied"
    DOCUMENT_FAILED = "document_failed"
    DOCUMENT_GIVEN_UP = "document_given_up"
    DOCUMENT_UNDELIVERED = "document_undelivered"
    DOCUMENT_OF_ANOTHER_ORDER = "document_of_another_order"
    TOTALS_DIFFER = "totals_differ"
    REQUEST_REFUSED = "request_refused"
    ANSWER_UNREADABLE = "answer_unreadable"
    ARCHIVE_EMPTY = "archive_empty"
    PAYLOAD_EMPTY = "payload_empty"
    PAYLOAD_NO_DOCUMENT = "payload_no_document"
    PAYLOAD_TRUNCATED = "payload_truncated"
    PAYLOAD_DAMAGED = "payload_damaged"
    PAYLOAD_ENCRYPTED = "payload_encrypted"
    PAYLOAD_TOO_LARGE = "payload_too_large"
    ENTITY_UNKNOWN = "entity_unknown"
    OTHER_ENTITY = "other_entity"


@dataclass(frozen=True, slots=True)
class Words:
    """What a person reads of a reason, and what that person can do."""

    sentence: str
    next_action: str


@dataclass(frozen=True, slots=True)
class Wait:
    """One thing of an order that waits. `number` '' = not known yet; `next_attempt_at` None = nothing more happens by itself."""

    order_id: str
    number: str
    reason: Waiting
    since: datetime
    next_attempt_at: datetime | None


LATE_AFTER = timedelta(days=5)
OVERDUE_AFTER = timedelta(days=35)
NEVER_AFTER = timedelta(days=90)

_NOTHING_TO_DO = "Rien à faire : un nouvel essai est prévu."
_GET_IT_BY_HAND = "Téléchargez la facture depuis votre compte Amazon Business et ajoutez-la dans Achats."
_TRY_AND_ASK = "Un nouvel essai est prévu ; s'il échoue aussi, téléchargez la facture depuis votre compte Amazon Business."
_WRITE_US = "Écrivez à l'assistance en indiquant le numéro de commande ; les octets reçus sont conservés."

WORDS: dict[Waiting, Words] = {
    Waiting.IMPORT_DISABLED: Words("L'import automatique est désactivé.", "Activez l'import automatique dans les paramètres."),
    Waiting.BEFORE_IMPORT_START: Words(
        "Le document est antérieur à la date de début d'import.",
        "Choisissez une date plus ancienne ou demandez une migration d'historique.",
    ),
    Waiting.NOT_SHIPPED: Words("La commande n'est pas encore expédiée.", _NOTHING_TO_DO),
    Waiting.NUMBER_UNKNOWN: Words("Amazon n'a pas encore donné le numéro de la facture.", _NOTHING_TO_DO),
    Waiting.NUMBER_PENDING: Words("La facture groupée n'est pas encore émise par Amazon.", _NOTHING_TO_DO),
    Waiting.NUMBER_OVERDUE: Words("La facture groupée n'est toujours pas émise, 35 jours après l'expédition.", _GET_IT_BY_HAND),
    Waiting.DOCUMENT_MISSING: Words("Le PDF n'est pas encore disponible chez Amazon.", _NOTHING_TO_DO),
    Waiting.SELLER_LATE: Words("Le vendeur n'a pas fourni la facture.", "Demandez la facture au vendeur depuis la commande sur Amazon."),
    Waiting.DOCUMENT_NEVER_SUPPLIED: Words("Amazon n'a fourni aucun document en 90 jours (commande numérique ?).", _GET_IT_BY_HAND),
    Waiting.DOCUMENT_FAILED: Words("Amazon n'a pas réussi à produire le document.", _NOTHING_TO_DO),
    Waiting.DOCUMENT_GIVEN_UP: Words("Amazon n'a pas réussi à produire le document, après plusieurs essais.", _GET_IT_BY_HAND),
    Waiting.DOCUMENT_UNDELIVERED: Words("Le téléchargement du document a échoué.", _NOTHING_TO_DO),
    Waiting.DOCUMENT_OF_ANOTHER_ORDER: Words("Le document reçu pour cette commande porte un autre numéro.", _TRY_AND_ASK),
    Waiting.TOTALS_DIFFER: Words("Deux documents portent ce numéro avec des totaux différents.", "Comparez les deux PDF dans Achats."),
    Waiting.REQUEST_REFUSED: Words("Amazon refuse notre demande pour cette commande.", _WRITE_US),
    Waiting.ANSWER_UNREADABLE: Words("La réponse d'Amazon pour cette commande est illisible.", _TRY_AND_ASK),
    Waiting.ARCHIVE_EMPTY: Words("Amazon a répondu par une archive vide.", _NOTHING_TO_DO),
    Waiting.PAYLOAD_EMPTY: Words("Amazon a répondu par un fichier vide.", _TRY_AND_ASK),
    Waiting.PAYLOAD_NO_DOCUMENT: Words("Ce qu'Amazon a envoyé n'est pas un PDF.", _TRY_AND_ASK),
    Waiting.PAYLOAD_TRUNCATED: Words("Le fichier reçu d'Amazon est incomplet.", _TRY_AND_ASK),
    Waiting.PAYLOAD_DAMAGED: Words("Le fichier reçu d'Amazon est abîmé.", _TRY_AND_ASK),
    Waiting.PAYLOAD_ENCRYPTED: Words("L'archive reçue d'Amazon demande un mot de passe.", _TRY_AND_ASK),
    Waiting.PAYLOAD_TOO_LARGE: Words("Le fichier reçu d'Amazon dépasse toute taille raisonnable.", _WRITE_US),
    Waiting.ENTITY_UNKNOWN: Words("L'entité juridique de l'achat n'est pas attribuée.", "Choisissez les entités de l'entreprise."),
    Waiting.OTHER_ENTITY: Words(
        "L'achat est celui d'une autre entité juridique.", "Rien à faire, sauf si le choix des entités est à revoir."
    ),
}
"""Each reason with its French sentence and the one next action, as the page « documents manquants » shows them."""


NEVER_SUPPLIED = frozenset(
    {
        *(Waiting.DOCUMENT_MISSING, Waiting.DOCUMENT_OF_ANOTHER_ORDER, Waiting.ARCHIVE_EMPTY),
        *(Waiting.NUMBER_UNKNOWN, Waiting.NOT_SHIPPED),
    }
)
"""What is called so in the end."""


def aged(reason: Waiting, age: timedelta) -> Waiting:
    """What a reason becomes as days pass since the shipment (§12.4): late after 5, overdue after 35, never supplied after 90."""
    if age >= NEVER_AFTER and reason in NEVER_SUPPLIED:
        return Waiting.DOCUMENT_NEVER_SUPPLIED
    if age >= OVERDUE_AFTER and reason is Waiting.NUMBER_PENDING:
        return Waiting.NUMBER_OVERDUE
    if age >= LATE_AFTER and reason in (Waiting.DOCUMENT_MISSING, Waiting.DOCUMENT_OF_ANOTHER_ORDER):
        return Waiting.SELLER_LATE
    return reason
