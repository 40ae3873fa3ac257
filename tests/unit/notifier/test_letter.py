"""The letter's words: literal French sentences for each case a person can be in."""

from datetime import UTC, datetime

import pytest

from schemas.collection_finished.v1 import CollectionFinished
from schemas.connection_broken.v1 import ConnectionBroken
from schemas.connection_changed.v1 import ConnectionChanged
from schemas.values import ReasonCount, RunCounts
from services.fetcher.domain.waiting import Waiting
from services.notifier.domain.letter import WAITING, Addressee, Letter, Link, about, connection_broken, integration_active

AT = datetime(2026, 11, 23, 8, 12, tzinfo=UTC)
NOTHING = RunCounts(collected=0, recorded=0, no_entry=0, archived=0, held=0, parked=0, duplicates=0)
TYPICAL = RunCounts(collected=1234, recorded=1200, no_entry=1, archived=15, held=12, parked=2, duplicates=4)


def letter(counts: RunCounts, waiting: dict[str, int] | None = None, test_environment: bool = False, at: datetime = AT) -> Letter:
    """The letter of Menuiserie Dupont with these counts."""
    fact = ConnectionChanged(
        company_id="dupont",
        connection_id="c1",
        connector="amazon_business",
        from_state="initialising",
        to_state="active",
        reason="import_finished",
        run_id="r1",
        counts=counts,
        waiting=tuple(ReasonCount(reason=reason, count=count) for reason, count in (waiting or {}).items()),
        test_environment=test_environment,
    )
    return integration_active(fact, counts, Addressee("Menuiserie Dupont", "DUPONT"), at, "https://achats.example.org")


def test_a_typical_first_import():
    """Every count is said, in French numbers, and the sum of the parts is the whole: 1200 + 12 + 2 + 1 + 15 + 4 = 1234."""
    assert Letter(
        subject="[DUPONT] Amazon Business\u00a0: intégration active",
        title="L’intégration Amazon Business est active",
        company="Entreprise\u00a0: Menuiserie Dupont (dossier DUPONT)",
        notice=None,
        opening="La première collecte de vos factures d’achat s’est terminée le 23\u00a0novembre 2026 à 09:12.",
        summary="1\u202f234\u00a0documents collectés, 1\u202f200\u00a0importés dans Achats avec le statut «\u00a0À traiter\u00a0».",
        results=(
            "12\u00a0documents à vérifier avant leur écriture",
            "2\u00a0documents mis de côté, repris par nos services",
            "1\u00a0document qui n’appelle pas d’écriture",
            "15\u00a0documents archivés sans écriture",
            "4\u00a0documents déjà présents dans Achats",
        ),
        waiting=("3\u00a0dont le PDF n’est pas encore disponible", "1\u00a0dont Amazon n’a pas encore donné le numéro"),
        next_step="Commencez par les documents à vérifier\u00a0: chacun dit pourquoi il attend et ce qu’il faut faire.",
        links=(Link("Régler l’intégration", "https://achats.example.org/connectivite/amazon-business"),),
    ) == letter(TYPICAL, {"document_missing": 3, "number_unknown": 1})


def test_with_automatic_import_off():
    """N collected, 0 imported; the way to switch it on is the next step and the link; the switch is not a waiting reason."""
    written = letter(NOTHING, {"import_disabled": 12})
    assert "12\u00a0documents collectés, 0\u00a0importé\u00a0: import désactivé." == written.summary
    assert (
        "Cochez «\u00a0Import automatique des factures fournisseurs\u00a0» dans les paramètres de l’intégration\u00a0: "
        "les documents collectés seront importés."
    ) == written.next_step
    assert "https://achats.example.org/connectivite/amazon-business" == written.links[0].url
    assert () == written.results
    assert () == written.waiting


def test_a_test_environment_says_so_in_the_subject_and_in_the_letter():
    written = letter(TYPICAL, test_environment=True)
    assert "[DUPONT] Amazon Business\u00a0: intégration active (environnement de test)" == written.subject
    assert "Environnement de test\u00a0: rien de ce qui est annoncé ici n’entre dans une vraie comptabilité." == written.notice


def test_nothing_to_import_yet():
    written = letter(NOTHING)
    assert "Aucune facture définitive à importer pour l’instant." == written.summary
    assert "Rien à faire\u00a0: les factures définitives seront importées une fois par jour." == written.next_step


def test_one_invoice_is_singular():
    written = letter(NOTHING.model_copy(update={"collected": 1, "recorded": 1}))
    assert "1\u00a0document collecté, 1\u00a0importé dans Achats avec le statut «\u00a0À traiter\u00a0»." == written.summary
    assert "Contrôlez dans Achats les documents «\u00a0À traiter\u00a0»." == written.next_step


@pytest.mark.parametrize(
    ("reason", "one", "two"),
    [
        ("before_import_start", "1\u00a0émis avant la date de début d’import", "2\u00a0émis avant la date de début d’import"),
        ("number_unknown", "1\u00a0dont Amazon n’a pas encore donné le numéro", "2\u00a0dont Amazon n’a pas encore donné le numéro"),
        ("number_pending", "1\u00a0pas encore définitif chez Amazon", "2\u00a0pas encore définitifs chez Amazon"),
        ("document_missing", "1\u00a0dont le PDF n’est pas encore disponible", "2\u00a0dont le PDF n’est pas encore disponible"),
        (
            "document_failed",
            "1\u00a0dont le PDF n’a pas pu être récupéré\u00a0: un nouvel essai est prévu",
            "2\u00a0dont le PDF n’a pas pu être récupéré\u00a0: un nouvel essai est prévu",
        ),
        ("a_reason_of_tomorrow", "1\u00a0en attente pour une autre raison", "2\u00a0en attente pour une autre raison"),
    ],
)
def test_a_waiting_reason_is_put_in_words(reason: str, one: str, two: str):
    assert (one,) == letter(NOTHING, {reason: 1}).waiting
    assert (two,) == letter(NOTHING, {reason: 2}).waiting


def test_every_reason_of_the_contract_has_words():
    """Those the fetcher knows but one, whose documents are said, and those `collection.finished` names: the same, and each has words."""
    assert {*WAITING, "import_disabled"} == set(Waiting) - {Waiting.TOTALS_DIFFER}
    named = CollectionFinished.model_fields["waiting"].description or ""
    assert {*WAITING, "import_disabled"} == set(named.removeprefix("by reason; known: ").partition(";")[0].split(", "))


def test_reasons_of_the_same_words_are_counted_together():
    """Two that failed and one that was not delivered: three that could not be fetched."""
    waiting = letter(NOTHING, {"document_failed": 2, "document_undelivered": 1}).waiting
    assert ("3\u00a0dont le PDF n’a pas pu être récupéré\u00a0: un nouvel essai est prévu",) == waiting


def test_the_first_of_a_month_and_summer_time():
    """23:30 UTC on 31 May is already 1 June in Paris, at 01:30."""
    assert (
        "La première collecte de vos factures d’achat s’est terminée le 1er\u00a0juin 2027 à 01:30."
        == letter(TYPICAL, at=datetime(2027, 5, 31, 23, 30, tzinfo=UTC)).opening
    )


def broken(reason: str, test_environment: bool = False) -> ConnectionBroken:
    """The breakage of Menuiserie Dupont's connection."""
    return ConnectionBroken(
        company_id="dupont",
        connection_id="c1",
        connector="amazon_business",
        reason=reason,
        since="2026-11-23T08:12:00Z",
        test_environment=test_environment,
    )


def test_a_withdrawn_consent():
    """Since when, why, what stays, and one thing to do; the link goes where it is done."""
    assert Letter(
        subject="[DUPONT] Amazon Business\u00a0: connexion interrompue",
        title="La connexion à Amazon Business est interrompue",
        company="Entreprise\u00a0: Menuiserie Dupont (dossier DUPONT)",
        notice=None,
        opening="Amazon ne reconnaît plus l’accord donné par votre entreprise\u00a0: "
        "plus rien n’est collecté depuis le 23\u00a0novembre 2026 à 09:12.",
        summary="Ce qui a été importé est conservé, et ce qui manque sera collecté dès que la connexion sera rétablie.",
        results=(),
        waiting=(),
        next_step="Reconnectez Amazon Business\u00a0: un administrateur du compte doit donner à nouveau son accord.",
        links=(Link("Reconnecter Amazon Business", "https://achats.example.org/connectivite/amazon-business"),),
    ) == connection_broken(broken("consent_withdrawn"), Addressee("Menuiserie Dupont", "DUPONT"), "https://achats.example.org")


@pytest.mark.parametrize(
    ("reason", "what_to_do"),
    [
        ("access_denied", "Vérifiez que le compte est un compte Amazon Business actif, ni fermé ni suspendu, puis reconnectez-le."),
        ("a_reason_to_come", "Reconnectez Amazon Business."),
    ],
)
def test_each_breakage_has_its_next_action(reason: str, what_to_do: str):
    """A reason nobody knows yet still says what to do; a test environment is named as such."""
    written = connection_broken(broken(reason, test_environment=True), Addressee("Dupont", "D"), "https://achats.example.org")
    assert what_to_do == written.next_step
    assert written.subject.endswith("connexion interrompue (environnement de test)")
    assert written.notice is not None


def test_a_letter_is_about_one_breakage():
    """A connection has one letter when it turns active, and one for each breakage."""
    assert "dupont/c1/2026-11-23T08:12:00Z" == about(broken("access_denied"))
