"""What an accountant types: the words of `achats-ledger`, what they print, and what they refuse, in French."""

import pytest

from tests.adapters.hands import Hands
from tests.adapters.terminal import Terminal
from tests.integration.ledger.shelf import PARTITION
from tests.unit.ledger.documents import invoice

NARROW = "\u202f"
BY = ["--company", "C-1", "--by", "Mme Roux"]


class OneWaits(Terminal):
    """A shell, and one invoice that waits."""

    def __init__(self, hands: Hands, patch: pytest.MonkeyPatch, screen: pytest.CaptureFixture[str]) -> None:
        super().__init__(hands, patch, screen)
        (self.entry,) = hands.book_documents(invoice())

    def today(self) -> str:
        """The day in Paris, as the database has it."""
        return self.hands.ask("select to_char(now() at time zone 'Europe/Paris', 'DD/MM/YYYY')")[0][0]


@pytest.fixture
def terminal(hands: Hands, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> OneWaits:
    """One invoice waits."""
    return OneWaits(hands, monkeypatch, capsys)


def test_from_what_waits_to_a_number(terminal: OneWaits):
    code, waiting = terminal.type("todo", "--company", "C-1")
    assert (0, [str(terminal.entry), "AC", "2026-03-10", "FR-1"], "120,00") == (code, waiting.split()[:4], waiting.split()[-1])
    assert (
        0,
        f"Écriture {terminal.entry} validée : journal AC, exercice 2026, n° 1, au 10/03/2026, validée le {terminal.today()}.\n",
    ) == terminal.type("validate", *BY, str(terminal.entry))
    assert (0, "") == terminal.type("todo", "--company", "C-1")
    assert terminal.type("list", "--company", "C-1")[1].endswith("Validée\n")
    assert terminal.type("entry", "--invoice", "I-1")[1].splitlines()[0].endswith("— FR-1 (AC 2026 n° 1 au 2026-03-10)")


def test_a_correction_names_the_entry_that_waits(terminal: OneWaits):
    code, said = terminal.type("correct", *BY, str(terminal.entry), "--account", "606400=606300")
    new = terminal.hands.todo()[0]
    assert (0, f"Écriture {terminal.entry} corrigée : l'écriture {new} la remplace et reste à valider.\n") == (code, said)
    headings = [line for line in terminal.type("entry", "--invoice", "I-1")[1].splitlines() if line.startswith("AC")]
    assert [True, False] == [line.endswith(f"(remplacée par {new})") for line in headings]


def test_a_reversal_says_its_number(terminal: OneWaits):
    terminal.type("validate", *BY, str(terminal.entry))
    code, said = terminal.type("reverse", *BY, str(terminal.entry))
    mirror = terminal.hands.ids()[-1]
    expected = (
        f"Écriture {terminal.entry} contre-passée par l'écriture {mirror} : journal AC, exercice 2026, n° 2, au 10/03/2026, validée le "
    )
    assert (0, f"{expected}{terminal.today()}.\n") == (code, said)
    assert terminal.type("list", "--company", "C-1")[1].endswith("Contre-passée\n")


def test_a_period_is_locked_unlocked_and_closed(terminal: OneWaits):
    why = ["--reason", "TVA déposée"]
    assert (0, "Mois 03/2026 verrouillé.\n") == terminal.type("lock", *BY, "--month", "2026-03", *why)
    assert (0, "Mois 03/2026 déverrouillé.\n") == terminal.type("unlock", *BY, "--month", "2026-03", *why)
    close = ["close", *BY, "--year", "2026", "--through", "2026-03-31"]
    assert (
        2,
        "Des écritures non validées sont datées de cette période ; leur nombre n'a pas été confirmé : 1. Les lire avec "
        "« achats-ledger todo », puis donner leur nombre avec --waiting : elles passeront après la clôture.\n",
    ) == terminal.type(*close)
    assert (
        0,
        "Exercice 2026 clôturé jusqu'au 31/03/2026, définitivement. Au 01/04/2026, à leur validation : 1 écriture non validée.\n",
    ) == terminal.type(*close, "--waiting", "1")


def test_vat_is_declared_up_to_a_day(terminal: OneWaits):
    filed = ["vat-filed", *BY, "--until", "2026-03-31", "--reason", "CA3 de mars"]
    said = "TVA déclarée jusqu'au 31/03/2026. Au 01/04/2026, à leur validation : 1 écriture non validée.\n"
    assert (0, said) == terminal.type(*filed)
    assert (2, "La TVA est déjà notée comme déclarée jusqu'à cette date : 2026-03-31. Rien à faire.\n") == terminal.type(*filed)
    assert ", n° 1, au 01/04/2026, " in terminal.type("validate", *BY, str(terminal.entry))[1]


def test_automatic_validation_is_switched_by_a_person(terminal: OneWaits):
    said = "Les documents qui arrivent sans signalement se valident désormais seuls, au nom de Mme Roux : automatique (Mme Roux).\n"
    assert (0, said) == terminal.type("automatic", *BY, "on")
    assert 2 == terminal.type("automatic", *BY, "on")[0]
    assert (0, "Plus rien ne se valide seul.\n") == terminal.type("automatic", *BY, "off")


def test_an_entry_on_a_suspense_account_needs_a_word_more(terminal: OneWaits):
    (entry,) = terminal.hands.book_documents(invoice([("471000", 100_00, "20")], invoice_id="I-2", number="FR-2"))
    assert (
        2,
        f"Cette écriture est au compte d'attente 471 : {entry}. La corriger ; si l'expert-comptable la valide ainsi, ajouter "
        "--confirm-suspense.\n",
    ) == terminal.type("validate", *BY, str(entry))
    assert 0 == terminal.type("validate", *BY, "--confirm-suspense", str(entry))[0]


def test_a_refusal_says_what_to_do(terminal: OneWaits):
    assert (
        2,
        "Cette écriture n'existe pas : 7. Relever le numéro de l'écriture avec « achats-ledger todo ».\n",
    ) == terminal.type("validate", *BY, "7")
    assert (
        2,
        "Le nom de la personne qui répond de cette opération manque ou ne convient pas. Indiquer un nom sur une seule ligne avec --by.\n",
    ) == terminal.type("validate", "--company", "C-1", "--by", " ", str(terminal.entry))


def test_a_number_that_no_entry_can_have_is_a_sentence(terminal: OneWaits):
    code, said = terminal.type("validate", *BY, str(2**63))
    assert (2, 1) == (code, len(said.splitlines()))
    assert said.startswith("The database refuses what this record says: ")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["correct", *BY, "1", "--account", "606400"], "OLD=NEW"),
        (["lock", *BY, "--month", "mars", "--reason", "x"], "invalid _month value"),
        (["validate", "--company", "C-1", "1"], "--by"),
        (["validate", *BY], "ENTRY"),
    ],
)
def test_words_that_make_no_sense_are_refused_before_the_book(terminal: OneWaits, words: list[str], says: str):
    code, said = terminal.type(*words)
    assert (2, True) == (code, says in said)


def test_the_book_s_partition_is_the_company_s(terminal: OneWaits):
    """A person's batch belongs to the book in which the company's records are."""
    terminal.type("validate", *BY, str(terminal.entry))
    assert [(PARTITION,)] == terminal.hands.ask("select distinct book from ledger.batch")
