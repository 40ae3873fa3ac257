"""The FEC of a real book."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from schemas.values import Supplier
from services.ledger.adapters.fec import FecRefused
from tests.integration.ledger.shelf import Shelf, event
from tests.integration.ledger.validated import SIREN, export, three_purchases, validate
from tests.unit.ledger.documents import invoice

NAME = f"{SIREN}FEC20261231.txt"


def test_the_file_has_the_validated_entries_by_number(shelf: Shelf, tmp_path: Path):
    """Two of three entries are validated: theirs are the lines, in the order of their numbers, with posting and validation dates."""
    three_purchases(shelf)
    said = export(shelf, tmp_path)
    assert [
        "AC|Achats|AC-1|20260310|606300|Fournitures d'entretien et de petit équipement||||20260310",
        "AC|Achats|AC-1|20260310|445660|TVA sur autres biens et services||||20260310",
        "AC|Achats|AC-1|20260310|401000|Fournisseurs|AMAZON|Amazon Business||20260310",
        "AC|Achats|AC-2|20260310|606400|Fournitures administratives||||20260310",
    ] == [re.sub(r"FR-\d", "", "|".join(line.split("\t")[:10])) for line in (tmp_path / NAME).read_text(encoding="utf-8").splitlines()[1:5]]
    assert [("1481,47", "20260401"), ("120,00", "20260402")] == [
        (fields[12], fields[15])
        for fields in (line.split("\t") for line in (tmp_path / NAME).read_text(encoding="utf-8").splitlines())
        if fields[4] == "401000"
    ]
    assert f"{tmp_path / NAME} : 6 lignes, 2 écritures, débit 1\u202f601,47 = crédit 1\u202f601,47" == said[0]
    assert "Contrôle : aucun constat." == said[-1]
    assert {NAME, f"{SIREN}FEC20261231-description.txt"} == {file.name for file in tmp_path.iterdir()}


def test_a_final_file_is_refused_while_entries_wait(shelf: Shelf, tmp_path: Path):
    """One entry is « À traiter »: no file, and a sentence; a provisional one says that it lacks it."""
    three_purchases(shelf)
    with pytest.raises(FecRefused, match="« À traiter » dans l'exercice : 1 écriture"):
        export(shelf, tmp_path, provisional=False)
    assert [] == list(tmp_path.iterdir())
    assert "État provisoire, sans ce qui est « À traiter » dans l'exercice : 1 écriture." in export(shelf, tmp_path)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"siren": None}, "le livre ne connaît pas le SIREN de l'entreprise C-1. L'indiquer avec --siren"),
        ({"siren": "732829321"}, "n'est pas un numéro SIREN"),
        ({"fy": 1999}, "le livre n'a pas d'exercice 1999 pour l'entreprise C-1"),
        ({"company_id": "C-9"}, "le livre n'a pas d'exercice 2026 pour l'entreprise C-9"),
    ],
)
def test_what_cannot_be_written_is_a_sentence(shelf: Shelf, tmp_path: Path, changes: dict[str, object], sentence: str):
    """Without SIREN, with a wrong one, for a year or a company that the book does not have."""
    three_purchases(shelf)
    with pytest.raises(FecRefused, match=sentence):
        export(shelf, tmp_path, **changes)


def test_the_other_encoding_says_what_it_replaced(shelf: Shelf, tmp_path: Path):
    """A seller's name in Cyrillic, in ISO 8859-15: question marks, said on the screen and in the description."""
    seller = Supplier(name="Ж & Œ", auxiliary="AMAZON", legal_name="Ж", vat_id=None, siren=None)
    shelf.receive(event(invoice(supplier=seller)))
    validate(shelf, "I-1", 1)
    said = export(shelf, tmp_path, encoding="iso-8859-15")
    assert "\tAMAZON\t? & Œ\t" in (tmp_path / NAME).read_text(encoding="iso8859-15")
    assert any(line.startswith("Caractères remplacés") and "Ж (" in line for line in said)
    assert "Contrôle : aucun constat." == said[-1]


def test_an_export_reads_in_pages_and_leaves_a_former_file_alone_when_it_fails(shelf: Shelf, tmp_path: Path):
    """A folder that is a file: nothing is written; the second export of the same year replaces the first."""
    three_purchases(shelf)
    export(shelf, tmp_path)
    first = (tmp_path / NAME).read_bytes()
    (tmp_path / "file").write_text("x")
    with pytest.raises(OSError, match="exists"):
        export(shelf, tmp_path / "file")
    export(shelf, tmp_path)
    assert first == (tmp_path / NAME).read_bytes()


def command(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`achats-ledger` as a person runs it."""
    return subprocess.run(
        [sys.executable, "-m", "services.ledger.main", *words], capture_output=True, text=True, check=False, env={"PATH": "", **environment}
    )


def test_the_commands(shelf: Shelf, tmp_path: Path):
    """Status 0 for a file written and checked, 1 for findings, 2 for a sentence on standard error; never a stack trace."""
    three_purchases(shelf)
    words = ("fec", "--company", "C-1", "--year", "2026", "--out", str(tmp_path))
    refused = command(*words, ACHATS_LEDGER_DATABASE_URL=shelf.url)
    assert (2, "") == (refused.returncode, refused.stdout)
    assert refused.stderr.endswith("le livre ne connaît pas le SIREN de l'entreprise C-1. L'indiquer avec --siren.\n")
    done = command(*words, "--siren", SIREN, "--provisional", ACHATS_LEDGER_DATABASE_URL=shelf.url)
    assert (0, "") == (done.returncode, done.stderr)
    assert 0 == command("check-fec", str(tmp_path / NAME)).returncode
    (tmp_path / NAME).write_bytes(b"\x00\xff" * 50_000)
    assert 1 == command("check-fec", str(tmp_path / NAME)).returncode
    missing = command("check-fec", str(tmp_path / "none.txt"))
    assert 2 == missing.returncode
    assert missing.stderr.endswith("ne peut être ni lu ni écrit : No such file or directory. Vérifier son chemin et ses droits.\n")


def test_a_reader_that_has_seen_enough(tmp_path: Path):
    """`check-fec … | head`: whoever reads goes away; the command ends without a word on standard error."""
    (tmp_path / NAME).write_bytes(b"garbage")
    words = [sys.executable, "-m", "services.ledger.main", "check-fec", str(tmp_path / NAME)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()
        assert b"" == running.stderr.read()
