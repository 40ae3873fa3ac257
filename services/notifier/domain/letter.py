"""The letter « intégration active »: from the event and the addressee to every sentence a person reads."""

from dataclasses import dataclass
from datetime import datetime

from schemas.connection_changed.v1 import ConnectionChanged
from schemas.values import ReasonCount, RunCounts
from services.notifier.domain.typography import counted, moment, typeset

CONNECTORS = {"amazon_business": "Amazon Business"}
IMPORT_DISABLED = "import_disabled"

WAITING = {
    "before_import_start": ("émis avant la date de début d’import", "émis avant la date de début d’import"),
    "number_unknown": ("dont Amazon n’a pas encore donné le numéro",) * 2,
    "number_pending": ("pas encore définitif chez Amazon", "pas encore définitifs chez Amazon"),
    "document_missing": ("dont le PDF n’est pas encore disponible",) * 2,
    "document_failed": ("dont le PDF n’a pas pu être récupéré : un nouvel essai est prévu",) * 2,
}
WAITING_OTHERWISE = ("en attente pour une autre raison",) * 2

TEST_NOTICE = "Environnement de test : rien de ce qui est annoncé ici n’entre dans une vraie comptabilité."


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


def integration_active(fact: ConnectionChanged, counts: RunCounts, to: Addressee, at: datetime, public_url: str) -> Letter:
    """The one letter of a connection that became active `at` this moment; `counts` are those of its first import."""
    connector = CONNECTORS.get(fact.connector, fact.connector)
    settings = Link("Régler l’intégration", f"{public_url}/connectivite/{fact.connector.replace('_', '-')}")
    disabled = _disabled(fact.waiting)
    test = " (environnement de test)" if fact.test_environment else ""
    return Letter(
        subject=typeset(f"[{to.file_code}] {connector} : intégration active{test}"),
        title=f"L’intégration {connector} est active",
        company=typeset(f"Entreprise : {_one_line(to.company_name)} (dossier {to.file_code})"),
        notice=typeset(TEST_NOTICE) if fact.test_environment else None,
        opening=f"La première collecte de vos factures d’achat s’est terminée le {moment(at)}.",
        summary=typeset(_summary(counts, disabled)),
        results=tuple(map(typeset, _results(counts))),
        waiting=tuple(typeset(counted(one.count, *WAITING.get(one.reason, WAITING_OTHERWISE))) for one in _elsewhere(fact.waiting)),
        next_step=typeset(_next_step(counts, disabled)),
        links=(settings,),
    )


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


def _elsewhere(waiting: tuple[ReasonCount, ...]) -> list[ReasonCount]:
    """The reasons the summary does not already state."""
    return [one for one in waiting if one.reason != IMPORT_DISABLED]


def _one_line(text: str) -> str:
    return " ".join(text.split())
