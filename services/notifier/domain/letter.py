"""The letters « intégration active » and « connexion interrompue »: from event and addressee to every sentence a person reads."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from schemas.connection_broken.v1 import ConnectionBroken
from schemas.connection_changed.v1 import ConnectionChanged
from schemas.values import ReasonCount, RunCounts
from services.notifier.domain.typography import counted, moment, typeset

CONNECTORS = {"amazon_business": "Amazon Business"}
IMPORT_DISABLED = "import_disabled"


def both(words: str) -> tuple[str, str]:
    """The same words for one and for several."""
    return words, words


UNUSABLE = both("dont le PDF reçu est inutilisable : un nouvel essai est prévu")
WAITING = {
    "before_import_start": ("émis avant la date de début d’import", "émis avant la date de début d’import"),
    "not_shipped": both("dont la commande n’est pas encore expédiée"),
    "number_unknown": both("dont Amazon n’a pas encore donné le numéro"),
    "number_pending": ("pas encore définitif chez Amazon", "pas encore définitifs chez Amazon"),
    "number_overdue": ("attendu d’Amazon depuis plus de 35 jours", "attendus d’Amazon depuis plus de 35 jours"),
    "document_missing": both("dont le PDF n’est pas encore disponible"),
    "seller_late": ("que le vendeur n’a pas fourni : demandez-le-lui", "que les vendeurs n’ont pas fournis : demandez-les-leur"),
    "document_never_supplied": ("qu’Amazon n’a jamais fourni : à télécharger", "qu’Amazon n’a jamais fournis : à télécharger"),
    "document_failed": both("dont le PDF n’a pas pu être récupéré : un nouvel essai est prévu"),
    "document_undelivered": both("dont le PDF n’a pas pu être récupéré : un nouvel essai est prévu"),
    "document_given_up": both("dont Amazon n’a pas pu produire le PDF : à télécharger"),
    "document_of_another_order": both("dont le PDF reçu porte un autre numéro : un nouvel essai est prévu"),
    "request_refused": both("qu’Amazon refuse de fournir : écrivez à l’assistance"),
    "answer_unreadable": ("pour lequel la réponse d’Amazon est illisible", "pour lesquels la réponse d’Amazon est illisible"),
    "archive_empty": both("dont le PDF n’est pas encore disponible"),
    **dict.fromkeys(("payload_empty", "payload_no_document", "payload_truncated", "payload_damaged", "payload_encrypted"), UNUSABLE),
    "payload_too_large": (
        "trop volumineux pour être lu : écrivez à l’assistance",
        "trop volumineux pour être lus : écrivez à l’assistance",
    ),
    "entity_unknown": ("d’une entité juridique à attribuer", "d’entités juridiques à attribuer"),
    "other_entity": ("d’une autre entité juridique que votre entreprise", "d’autres entités juridiques que votre entreprise"),
}
WAITING_OTHERWISE = both("en attente pour une autre raison")
"""What is said of each reason of `collection.finished`, of one document and of several; reasons of the same words are counted together."""

BROKEN = {
    "consent_withdrawn": (
        "Amazon ne reconnaît plus l’accord donné par votre entreprise",
        "Reconnectez Amazon Business : un administrateur du compte doit donner à nouveau son accord.",
    ),
    "access_denied": (
        "Amazon refuse l’accès aux achats de votre compte",
        "Vérifiez que le compte est un compte Amazon Business actif, ni fermé ni suspendu, puis reconnectez-le.",
    ),
}
BROKEN_OTHERWISE = ("L’accès à votre compte a été interrompu", "Reconnectez Amazon Business.")
"""Why a connection is broken, and the one thing to do about it."""

TEST_NOTICE = "Environnement de test : rien de ce qui est annoncé ici n’entre dans une vraie comptabilité."


type Occasion = ConnectionChanged | ConnectionBroken
"""What a letter is written about."""


@dataclass(frozen=True, slots=True)
class Addressee:
    """The company the letter is about, as its accountant files it."""

    company_name: str
    file_code: str


@dataclass(frozen=True, slots=True)
class Link:
    """Words to click on, and where they lead."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Letter:
    """Every sentence of one e-mail, typeset; empty parts are left out."""

    subject: str
    title: str
    company: str
    notice: str | None
    opening: str
    summary: str
    results: tuple[str, ...]
    waiting: tuple[str, ...]
    next_step: str
    links: tuple[Link, ...]


def about(occasion: Occasion) -> str:
    """What the one letter is about: a connection, or one breakage of it, known by its moment."""
    return f"{occasion.subject}/{occasion.since}" if isinstance(occasion, ConnectionBroken) else occasion.subject


def integration_active(fact: ConnectionChanged, counts: RunCounts, to: Addressee, at: datetime, public_url: str) -> Letter:
    """The one letter of a connection that became active `at` this moment; `counts` are those of its first import."""
    connector = CONNECTORS.get(fact.connector, fact.connector)
    disabled = _disabled(fact.waiting)
    return Letter(
        subject=_subject(fact, to, "intégration active"),
        title=f"L’intégration {connector} est active",
        company=_company(to),
        notice=typeset(TEST_NOTICE) if fact.test_environment else None,
        opening=f"La première collecte de vos factures d’achat s’est terminée le {moment(at)}.",
        summary=typeset(_summary(counts, disabled)),
        results=tuple(map(typeset, _results(counts))),
        waiting=tuple(typeset(counted(count, *words)) for words, count in _elsewhere(fact.waiting).items()),
        next_step=typeset(_next_step(counts, disabled)),
        links=(_link("Régler l’intégration", fact, public_url),),
    )


def connection_broken(fact: ConnectionBroken, to: Addressee, public_url: str) -> Letter:
    """The one letter of a breakage: since when, why, what stays, and the one thing to do."""
    connector = CONNECTORS.get(fact.connector, fact.connector)
    why, what_to_do = BROKEN.get(fact.reason, BROKEN_OTHERWISE)
    return Letter(
        subject=_subject(fact, to, "connexion interrompue"),
        title=f"La connexion à {connector} est interrompue",
        company=_company(to),
        notice=typeset(TEST_NOTICE) if fact.test_environment else None,
        opening=typeset(f"{why} : plus rien n’est collecté depuis le {moment(datetime.fromisoformat(fact.since))}."),
        summary="Ce qui a été importé est conservé, et ce qui manque sera collecté dès que la connexion sera rétablie.",
        results=(),
        waiting=(),
        next_step=typeset(what_to_do),
        links=(_link("Reconnecter Amazon Business", fact, public_url),),
    )


def _subject(fact: Occasion, to: Addressee, what: str) -> str:
    test = " (environnement de test)" if fact.test_environment else ""
    return typeset(f"[{to.file_code}] {CONNECTORS.get(fact.connector, fact.connector)} : {what}{test}")


def _company(to: Addressee) -> str:
    return typeset(f"Entreprise : {_one_line(to.company_name)} (dossier {to.file_code})")


def _link(words: str, fact: Occasion, public_url: str) -> Link:
    return Link(words, f"{public_url}/connectivite/{fact.connector.replace('_', '-')}")


def _summary(counts: RunCounts, disabled: int) -> str:
    """What was collected, whether or not it was handed over for import, and what of it stands in Achats."""
    collected = counted(counts.collected + disabled, "document collecté", "documents collectés")
    imported = counted(counts.recorded, "importé", "importés")
    if disabled:
        return f"{collected}, {imported} : import désactivé."
    if counts.collected == 0:
        return "Aucune facture définitive à importer pour l’instant."
    return f"{collected}, {imported} dans Achats avec le statut « À traiter »."


def _results(counts: RunCounts) -> list[str]:
    """What became of the collected invoices that were not simply imported."""
    lines = [
        (counts.held, "document à vérifier avant son écriture", "documents à vérifier avant leur écriture"),
        (counts.parked, "document mis de côté, repris par nos services", "documents mis de côté, repris par nos services"),
        (counts.no_entry, "document qui n’appelle pas d’écriture", "documents qui n’appellent pas d’écriture"),
        (counts.archived, "document archivé sans écriture", "documents archivés sans écriture"),
        (counts.duplicates, "document déjà présent dans Achats", "documents déjà présents dans Achats"),
    ]
    return [counted(*line) for line in lines if line[0]]


def _next_step(counts: RunCounts, disabled: int) -> str:
    """The one thing to do now."""
    if disabled:
        return (
            "Cochez « Import automatique des factures fournisseurs » dans les paramètres de l’intégration : "
            "les documents collectés seront importés."
        )
    if counts.held:
        return "Commencez par les documents à vérifier : chacun dit pourquoi il attend et ce qu’il faut faire."
    if counts.recorded:
        return "Contrôlez dans Achats les documents « À traiter »."
    return "Rien à faire : les factures définitives seront importées une fois par jour."


def _disabled(waiting: tuple[ReasonCount, ...]) -> int:
    """How many documents were collected and not imported because the import is switched off."""
    return sum(one.count for one in waiting if one.reason == IMPORT_DISABLED)


def _elsewhere(waiting: tuple[ReasonCount, ...]) -> Counter[tuple[str, str]]:
    """How many wait in which words, without those the summary already states."""
    counts = Counter[tuple[str, str]]()
    for one in waiting:
        if one.reason != IMPORT_DISABLED:
            counts[WAITING.get(one.reason, WAITING_OTHERWISE)] += one.count
    return counts


def _one_line(text: str) -> str:
    return " ".join(text.split())
