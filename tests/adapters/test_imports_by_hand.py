"""What an accountant types to import papers: the runbook's own examples, what is printed, what is refused; the FEC and the statement."""

import csv
import io
import json
import re
from datetime import date
from pathlib import Path

import pytest

import deploy
from tests.adapters.hands import Hands
from tests.adapters.terminal import Terminal
from tests.integration.ledger.validated import SIREN
from tests.unit.ledger.documents import invoice

RUNBOOK = (Path(deploy.__file__).parent / "runbook" / "imports.md").read_text(encoding="utf-8")
EXAMPLES: list[tuple[str, str]] = re.findall(r"```(csv|json)\n(.*?)```", RUNBOOK, re.DOTALL)
KINDS = {"payment", "advance", "advance_use", "bill", "accrual", "prepaid", "import_vat", "supplier_debit"}
BY = ["--company", "C-1", "--by", "Mme Roux"]
MARCH = date(2026, 3, 10)
NARROW = "\u202f"


class WithFolder(Terminal):
    """A shell, and a folder."""

    def __init__(self, hands: Hands, patch: pytest.MonkeyPatch, screen: pytest.CaptureFixture[str], folder: Path) -> None:
        super().__init__(hands, patch, screen)
        self.folder = folder

    def take(self, text: str | bytes, suffix: str = "csv") -> tuple[int, str]:
        """Import a file of this text."""
        file = self.folder / f"papers.{suffix}"
        file.write_bytes(text if isinstance(text, bytes) else text.encode())
        return self.type("import", *BY, str(file))

    def validate_all(self) -> None:
        """Everything that waits, on a day in 2028: nothing is validated before its own date."""
        years = "(values (2026), (2027)) as y (fy) cross join (values ('AC'), ('BQ'), ('OD')) as j (journal)"
        self.hands.book.shelf.tamper(f"insert into ledger.counter select 'C-1', j.journal, y.fy, 0, '2028-01-03' from {years}")
        waiting = self.hands.ask(
            "select e.journal, array_agg(e.entry_id) from ledger.todo join ledger.entry as e using (entry_id) group by 1"
        )
        for journal, entries in waiting:
            self.hands.deeds.validate(journal, entries)


@pytest.fixture
def terminal(hands: Hands, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> WithFolder:
    """Three invoices of 120.00 and a credit note of 30.00 are in the book."""
    hands.book_invoices(MARCH, MARCH, MARCH)
    hands.book_documents(invoice([("606400", 25_00, "20")], type="credit_note", invoice_id="I-9", number="AV-9"))
    return WithFolder(hands, monkeypatch, capsys, tmp_path)


def test_the_examples_of_the_runbook(terminal: WithFolder):
    """Each kind is there; each file is imported as it stands, and a second time books nothing."""
    kinds = set[str]()
    for suffix, text in EXAMPLES:
        code, said = terminal.take(text, suffix)
        assert (0, "importés, 0 déjà importés.") == (code, said.splitlines()[-1].split(" ", 1)[1]), said
        rows = json.loads(text) if suffix == "json" else list(csv.DictReader(io.StringIO(text), delimiter=";"))
        kinds |= {row["kind"] for row in rows}
    assert KINDS == kinds
    before = terminal.hands.ask("select count(*) from ledger.batch")
    for suffix, text in EXAMPLES:
        assert 0 == terminal.take(text, suffix)[0]
    assert before == terminal.hands.ask("select count(*) from ledger.batch")
    assert [] == terminal.hands.unsound()
    assert [
        ("401000", "ACMEUS", "AA", ["US-0039", "BQ-2026-043"]),
        ("401000", "AMAZON", "AA", ["FR-1", "AV-9", "BQ-2026-041"]),
        ("409100", "AMAZON", "AA", ["AC-2026-003", "FR-3"]),
    ] == terminal.hands.ask(
        "select l.account, l.auxiliary, l.letter, array_agg(e.piece_ref order by e.entry_id)::text[] from ledger.lettering as l "
        "join ledger.entry as e using (entry_id) group by 1, 2, 3 order by 1, 2, 3"
    )


def test_what_is_printed(terminal: WithFolder):
    code, said = terminal.take(EXAMPLES[0][1])
    first, second = terminal.hands.ids()[-2:]
    assert (
        0,
        f"Ligne 2, payment BQ-2026-041 : écriture {first} à valider.\n"
        f"Ligne 3, payment BQ-2026-042 : écriture {second} à valider.\n"
        "Lettrage 401000 AMAZON AA : 3 lignes.\n"
        "2 importés, 0 déjà importés.\n",
    ) == (code, said)
    assert "Ligne 2, payment BQ-2026-041 : déjà importé.\n" in terminal.take(EXAMPLES[0][1])[1]
    assert (0, "Lettrage 401000 AMAZON AA retiré ; la lettre ne servira plus.\n") == terminal.type(
        "unletter", *BY, "--supplier", "AMAZON", "AA"
    )
    owed, credit = (str(terminal.hands.ids()[place]) for place in (0, 3))
    said = terminal.type("letter", *BY, "--supplier", "AMAZON", owed, credit, str(first))
    assert (0, "Lettrage 401000 AMAZON AB : 3 écritures.\n") == said


def test_the_file_of_a_year_with_letters_and_a_currency_passes_its_check(terminal: WithFolder):
    """EcritureLet and DateLet on the whole group, Montantdevise and Idevise where a currency is known; our own check finds nothing."""
    for suffix, text in EXAMPLES:
        terminal.take(text, suffix)
    terminal.validate_all()
    code, said = terminal.type("fec", "--company", "C-1", "--year", "2026", "--siren", SIREN, "--out", str(terminal.folder))
    assert (0, "Contrôle : aucun constat.") == (code, said.splitlines()[-1]), said
    lines = [line.split("\t") for line in (terminal.folder / f"{SIREN}FEC20261231.txt").read_text(encoding="utf-8").splitlines()]
    assert {("FR-1", "AA", "20260410"), ("AV-9", "AA", "20260410"), ("BQ-2026-041", "AA", "20260410")} == {
        (line[8], line[13], line[14]) for line in lines if (line[4], line[6], line[13]) == ("401000", "AMAZON", "AA")
    }
    assert [("US-0039", "607000"), ("US-0039", "401000"), ("BQ-2026-043", "401000")] == [
        (line[8], line[4]) for line in lines if line[16:] == ["250,00", "USD"]
    ]


def test_a_letter_across_two_years_is_in_no_file(terminal: WithFolder):
    """The payment of January settles an invoice of March: neither file would balance under the letter."""
    terminal.take("kind;number;date;supplier;paid;settles\npayment;BQ-1;2027-01-05;AMAZON;120;FR-1\n")
    terminal.validate_all()
    for year in ("2026", "2027"):
        code, said = terminal.type("fec", "--company", "C-1", "--year", year, "--siren", SIREN, "--out", str(terminal.folder))
        assert (0, "Contrôle : aucun constat.") == (code, said.splitlines()[-1]), said
        lines = (terminal.folder / f"{SIREN}FEC{year}1231.txt").read_text(encoding="utf-8").splitlines()[1:]
        assert {""} == {line.split("\t")[13] for line in lines}


def test_the_statement_of_a_supplier_shows_its_letters_as_they_were_known(terminal: WithFolder):
    terminal.take(EXAMPLES[0][1])
    (instant,) = terminal.hands.ask("select to_char(clock_timestamp(), 'YYYY-MM-DD\"T\"HH24:MI:SS.USTZH:TZM')")[0]
    terminal.type("unletter", *BY, "--supplier", "AMAZON", "AA")
    period = ["report", "supplier", "--company", "C-1", "--from", "2026-01-01", "--to", "2026-12-31", "--format", "json"]

    def letters(*as_of: str) -> dict[str, str | None]:
        rows = [json.loads(line) for line in terminal.type(*period, *as_of)[1].splitlines()]
        return {row["piece_ref"]: row["letter"] for row in rows if row["piece_ref"]}

    assert {"FR-1", "AV-9", "BQ-2026-041"} == {piece for piece, letter in letters("--as-of", instant).items() if letter == "AA"}
    assert {None} == set(letters().values())


HEADER = "kind;number;date;supplier;paid;settles\n"
REFUSED = {
    "an unknown company": (None, "Cette entreprise n'est pas dans le livre : C-9. Vérifier l'identifiant de l'entreprise.\n"),
    "no invoice of that number": (
        f"{HEADER}payment;B;2026-04-10;AMAZON;1;FR-77\n",
        "Ligne 2 : Aucune pièce de ce fournisseur ne porte ce numéro dans le livre : AMAZON, FR-77. "
        "Vérifier le numéro et l'auxiliaire du fournisseur, ou importer d'abord la pièce.\nRien n'est importé.\n",
    ),
    "an unknown account": (
        "kind;number;date;supplier;lines\nbill;B;2026-04-10;CARR1;606999=1\n",
        "Ligne 2 : Ce compte n'est pas au plan comptable de l'entreprise à cette date : 606999. Choisir un compte du plan comptable.\n"
        "Rien n'est importé.\n",
    ),
    "a closed period": (
        "kind;number;date;supplier;lines\naccrual;F;2025-12-31;AMAZON;606400=1\n",
        "Ligne 2 : Ce jour est clôturé : une écriture d'inventaire n'y entre plus : 31/12/2025. Choisir la prochaine clôture.\n"
        "Rien n'est importé.\n",
    ),
    "a year that no book has yet": (
        f"{HEADER.replace(';settles', '')}advance;A;2126-04-10;AMAZON;1\n",
        "Cette date est à plus de dix ans : 2126-04-10. Vérifier l'année.\n",
    ),
    "an empty file": ("\n\n", "Le fichier n'est pas importé: il est vide. Vérifier le fichier.\n"),
    "Latin-1": (
        b"kind;number\nbill;\xe9\n",
        "Le fichier n'est pas importé: il n'est pas en UTF-8. L'enregistrer en « CSV UTF-8 » ou en JSON.\n",
    ),
    "an open quote": (
        'kind;number\nbill;"x\n',
        "Le fichier n'est pas importé: ligne 2 : unexpected end of data. Vérifier les guillemets.\n",
    ),
    "a NUL": ("kind\x00", "Le fichier n'est pas importé: ce n'est pas un fichier CSV. Vérifier le fichier.\n"),
    "two columns of one name": (
        "kind;kind\nbill;bill\n",
        "Le fichier n'est pas importé: deux colonnes ont le même nom. Vérifier la première ligne.\n",
    ),
    "more values than columns": (
        "kind;number\nbill;1;2\n",
        "Le fichier n'est pas importé: ligne 2 : plus de valeurs que de colonnes. Mettre « ; » entre guillemets.\n",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_says_what_to_do(terminal: WithFolder, name: str):
    text, sentence = REFUSED[name]
    before = terminal.hands.ask("select count(*) from ledger.batch")
    if text is None:
        file = terminal.folder / "papers.csv"
        file.write_text(EXAMPLES[0][1])
        assert (2, sentence) == terminal.type("import", "--company", "C-9", "--by", "x", str(file))
    else:
        assert (2, sentence) == terminal.take(text)
    assert before == terminal.hands.ask("select count(*) from ledger.batch")


@pytest.mark.parametrize("text", ["{", "{}", "[1]", '[{"kind": null}]', '[{"kind": ["bill"]}]', '[{"paid": NaN}]', "[" * 100_000])
def test_json_that_is_no_list_of_papers_is_a_sentence(terminal: WithFolder, text: str):
    code, said = terminal.take(text, "json")
    assert (2, True, 1) == (code, said.startswith("Le fichier n'est pas importé: "), len(said.splitlines()))


def test_a_file_that_is_not_there_is_a_sentence(terminal: WithFolder):
    code, said = terminal.type("import", *BY, str(terminal.folder / "none.csv"))
    assert (2, True) == (code, said.endswith("Vérifier son chemin et ses droits.\n"))
