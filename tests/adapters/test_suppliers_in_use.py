"""Suppliers that became one, on a real PostgreSQL: what people read of them, what they pay, and what must not happen to them."""

import json
import re
from collections.abc import Callable, Generator
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

import deploy
from services.kernel.postgres import PostgresStore
from services.ledger.adapters.papers.files import Row
from services.ledger.adapters.papers.taking import Imported, LinesRefused, Papers
from tests.adapters.hands import ACTOR, Hands
from tests.adapters.suppliers import CANAL, PORT, bought, merger
from tests.adapters.terminal import Terminal
from tests.integration.ledger.shelf import event
from tests.unit.ledger.documents import COMPANY

YEAR = ("--company", COMPANY, "--from", "2026-01-01", "--to", "2026-12-31")
DAYS = {n: date(2026, 3, n) for n in (10, 11, 12)}
ALIKE = CANAL.model_copy(update={"auxiliary": "PAP_1", "legal_name": "PAPETERIE DU CANAL", "vat_id": None})
LETTERS = "select auxiliary, letter, entry_id from ledger.lettering order by 1, 2, 3"
LAST = "(select max(batch_id) from ledger.batch)"


@pytest.fixture(name="terminal")
def terminal_of(hands: Hands, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Terminal:
    """A shell before an empty book."""
    return Terminal(hands, monkeypatch, capsys)


@pytest.fixture(name="take")
def papers_of(hands: Hands) -> Generator[Callable[..., Imported]]:
    """A person who imports papers of 10 April."""
    with closing(PostgresStore(hands.book.shelf.url, "ledger", pool_size=1)) as store:

        def take(*papers: dict[str, str]) -> Imported:
            return Papers(store, COMPANY, ACTOR).take([Row(n, {"date": "2026-04-10", **said}) for n, said in enumerate(papers, 1)])

        yield take


def three(hands: Hands) -> list[int]:
    """FR-1 of the port, FR-2 of the canal; then they are one, and FR-3 comes from the port. Their entries."""
    before = hands.book_documents(*(bought(n, one, issue_date=DAYS[n + 9]) for n, one in enumerate((PORT, CANAL), 1)))
    hands.book.decide(merger("PORT", "CANAL", siren="902100478"))
    return [*before, *hands.book_documents(bought(3, PORT, issue_date=DAYS[12]))]


def lines(hands: Hands, entry: int) -> list[tuple[Any, ...]]:
    """Account, auxiliary and cents of an entry."""
    return hands.ask(f"select account, auxiliary, debit_cents - credit_cents from ledger.line where entry_id = {entry} order by n")


def test_the_statement_of_the_one_that_stays_shows_all_lines_each_with_its_own_auxiliary(terminal: Terminal):
    """Also without a filter: one running balance. The one that went has its own lines; before the decision there were two."""
    three(terminal.hands)
    for words in (("--auxiliary", "CANAL"), ()):
        _, said = terminal.type("report", "supplier", *YEAR, "--format", "json", *words)
        rows = [json.loads(line) for line in said.splitlines()]
        assert [("CANAL", None, 0), ("PORT", "FR-1", -120_00), ("CANAL", "FR-2", -240_00), ("CANAL", "FR-3", -360_00)] == [
            (row["auxiliary"], row["piece_ref"], row["balance_cents"]) for row in rows
        ]
    _, said = terminal.type("report", "supplier", *YEAR, "--format", "json", "--auxiliary", "PORT")
    assert [None, "FR-1"] == [json.loads(line)["piece_ref"] for line in said.splitlines()]
    ((before,),) = terminal.hands.ask(
        "select max(recorded_at) from ledger.batch where batch_id < (select batch_id from ledger.supplier_merger)"
    )
    _, said = terminal.type("report", "supplier", *YEAR, "--format", "json", "--as-of", before.isoformat(), "--auxiliary", "CANAL")
    assert [None, "FR-2"] == [json.loads(line)["piece_ref"] for line in said.splitlines()]


def test_the_list_of_suppliers(terminal: Terminal):
    """Codes, names, numbers, what is open; which became which, other names; two that may be one are asked about."""
    three(terminal.hands)
    terminal.hands.book_documents(bought(4, ALIKE))
    code, said = terminal.type("suppliers", "--company", COMPANY)
    assert 0 == code
    assert [
        "CANAL                Papeterie du Canal                   FR88902100478                  -240,00"
        " — aussi : 902100478, PORT — le même que PAP_1 ?",
        "  PORT               Papeterie du Port                    906550314                      -120,00 — fusionné avec CANAL",
        "PAP_1                PAPETERIE DU CANAL                                                  -120,00 — le même que CANAL ?",
    ] == said.splitlines()
    _, said = terminal.type("suppliers", "--company", COMPANY, "--json")
    assert [("CANAL", None, 1), ("PORT", "CANAL", 1), ("PAP_1", None, 1)] == [
        (row["auxiliary"], row["merged_into"], row["versions"]) for row in map(json.loads, said.splitlines())
    ]
    assert (0, "") == terminal.type("suppliers", "--company", "C-9")


def test_one_auxiliary_for_all_sellers_says_how_many_they_are(terminal: Terminal):
    shared = [one.model_copy(update={"auxiliary": "AMAZON"}) for one in (PORT, CANAL)]
    settings = bought(1, PORT).settings.model_copy(update={"supplier_mode": "amazon_business"})
    terminal.hands.book_documents(*(bought(n, one, settings=settings) for n, one in enumerate(shared, 1)))
    _, said = terminal.type("suppliers", "--company", COMPANY)
    assert [
        "AMAZON               Amazon Business                                                     -240,00 — 2 vendeurs"
    ] == said.splitlines()


def test_the_fec_keeps_each_line_s_auxiliary_under_the_name_it_had_then(terminal: Terminal, tmp_path: Path):
    """FR-1 is validated under the port; a new name after the last validation of the year changes nothing in its file."""
    hands = terminal.hands
    hands.deeds.validate("AC", three(hands))
    hands.book_documents(bought(4, CANAL.model_copy(update={"legal_name": "Canal Bureau SAS"}), issue_date=date(2027, 1, 5)))
    code, said = terminal.type("fec", "--company", COMPANY, "--year", "2026", "--siren", "732829320", "--out", str(tmp_path))
    assert (0, True) == (code, said.endswith("Contrôle : aucun constat.\n"))
    fields = [line.split("\t") for line in (tmp_path / "732829320FEC20261231.txt").read_text(encoding="utf-8").splitlines()]
    assert [("PORT", "Papeterie du Port"), ("CANAL", "Papeterie du Canal"), ("CANAL", "Papeterie du Canal")] == [
        (line[6], line[7]) for line in fields if line[4] == "401000"
    ]


def test_one_payment_pays_what_stands_under_both_and_each_has_its_letter(hands: Hands, take: Callable[..., Imported]):
    """240.00 to the canal: a line for each auxiliary, a letter for each; all three settled lines are whole."""
    first, second, third = three(hands)
    ((_, (paid,)),) = take(
        {"kind": "payment", "number": "BQ-1", "supplier": "CANAL", "paid": "360", "settles": "FR-1=120|FR-2=120|FR-3=120"}
    ).papers
    assert [("401000", "CANAL", 240_00), ("401000", "PORT", 120_00), ("512000", None, -360_00)] == lines(hands, paid)
    canal, port = [("CANAL", "AA", entry) for entry in (second, third, paid)], [("PORT", "AA", entry) for entry in (first, paid)]
    assert canal + port == hands.ask(LETTERS)


def test_what_is_open_moves_to_the_one_that_stays_and_is_settled_there(hands: Hands, take: Callable[..., Imported]):
    """120.00 of the port move; a credit note of 30.00 and a payment of 90.00 under the canal settle them."""
    first, *_ = three(hands)
    credit = bought(5, CANAL, rows=[("606400", 25_00, "20")], type="credit_note", number="AV-5")
    (note,) = hands.book_documents(credit)
    transfer = {"kind": "transfer", "number": "TR-1", "supplier": "PORT", "settles": "FR-1"}
    ((_, (moved,)),) = take(transfer).papers
    assert [("401000", "PORT", 120_00), ("401000", "CANAL", -120_00)] == lines(hands, moved)
    assert [("PORT", "AA", first), ("PORT", "AA", moved)] == hands.ask(LETTERS)
    ((_, (paid,)),) = take({"kind": "payment", "number": "BQ-2", "supplier": "CANAL", "paid": "90", "settles": "TR-1=120|AV-5=-30"}).papers
    assert [("CANAL", "AA", entry) for entry in (note, moved, paid)] == hands.ask(LETTERS)[:3]
    with pytest.raises(LinesRefused, match="Cette pièce est déjà réglée : FR-1"):
        take({**transfer, "number": "TR-2"})


def test_the_example_of_the_runbook(terminal: Terminal, tmp_path: Path):
    """The file as it stands there."""
    three(terminal.hands)
    page = (Path(deploy.__file__).parent / "runbook" / "suppliers.md").read_text(encoding="utf-8")
    (tmp_path / "papers.csv").write_text(re.findall(r"```csv\n(.*?)```", page, re.DOTALL)[0])
    code, said = terminal.type("import", "--company", COMPANY, "--by", ACTOR, str(tmp_path / "papers.csv"))
    assert (0, "1 importés, 0 déjà importés.") == (code, said.splitlines()[-1])


def test_new_papers_of_the_one_that_went_are_booked_on_the_one_that_stays(hands: Hands, take: Callable[..., Imported]):
    three(hands)
    bill = {"kind": "bill", "number": "T-1", "supplier": "PORT", "lines": "607000=20"}
    advance = {"kind": "advance", "number": "AC-1", "supplier": "PORT", "paid": "50"}
    use = {"kind": "advance_use", "number": "U-1", "supplier": "PORT", "advance": "AC-1", "invoice": "FR-1"}
    made = [entry for _, (entry,) in take(bill, advance, use).papers]
    assert [("401000", "CANAL"), ("409100", "CANAL"), ("401000", "PORT"), ("409100", "CANAL")] == [
        line[:2] for entry in made for line in lines(hands, entry) if line[1]
    ]
    assert [] == hands.unsound()


def test_a_page_made_before_the_decision_is_made_again(hands: Hands):
    """Another process took the decision while this one was at work: the documents it had read are booked on the one that stays."""
    hands.book_documents(bought(1, PORT), bought(2, CANAL))
    asked, books = hands.book.owner.books.mergers, hands.book.owner.books

    def decided_meanwhile(companies: Any) -> Any:
        known = asked(companies)
        books.mergers = asked
        hands.book.decide(merger("PORT", "CANAL"))
        return known

    books.mergers = decided_meanwhile
    hands.book.receive(event(bought(3, PORT)), event(bought(4, CANAL)))
    assert [("I-1", "PORT"), ("I-2", "CANAL"), ("I-3", "CANAL"), ("I-4", "CANAL")] == hands.ask(
        "select invoice_id, auxiliary[3] from ledger.entry order by entry_id"
    )
    assert [(0,)] == hands.ask("select count(*) from ledger.parked_record")


def test_a_company_of_another_book_is_not_merged(hands: Hands):
    """The decision came on a partition that is not the company's: it is parked."""
    hands.book_documents(bought(1, PORT), bought(2, CANAL))
    hands.book.decide(merger("PORT", "CANAL"), partition=4)
    assert [(0, 1)] == hands.ask("select (select count(*) from ledger.supplier_merger), (select count(*) from ledger.parked_record)")


MERGER = "insert into ledger.supplier_merger values ({}, 0, 'C-1', 'D-9', {}, 'me', now(), 'E')"
SUPPLIER = "insert into ledger.supplier (batch_id, company_id, auxiliary, version, name) values ({}, 'C-1', 'PORT', 9, 'X')"
BATCH = (
    "insert into ledger.batch (book, n, topic_id, partition, epoch, from_offset, next_offset) "
    "select partition, 0, topic_id, partition, epoch, next_offset, next_offset + 1 from ledger.kafka_position where topic_id = 'topic-2'"
)
ATTACKS = [
    ("ledger_app", SUPPLIER.format(LAST), "permission denied"),
    ("ledger_app", MERGER.format(LAST, "'PORT', 'CANAL'"), "permission denied"),
    ("ledger_readonly", "insert into ledger.supplier_alias values (1, 'C-1', 'PORT', 'siren', '1')", "permission denied"),
    ("ledger_consumer", "update ledger.supplier set name = 'X'", "permission denied"),
    ("ledger_consumer", "delete from ledger.supplier_merger", "permission denied"),
    ("ledger_consumer", "truncate ledger.supplier_alias", "permission denied"),
    ("ledger_consumer", SUPPLIER.format(LAST), "outside an open batch"),
    ("ledger_consumer", MERGER.format(LAST, "'PORT', 'CANAL'"), "outside an open batch"),
    ("ledger_consumer", "insert into ledger.supplier_alias values (1, 'C-1', 'PORT', 'siren', '1')", "outside an open batch"),
    ("ledger_consumer", f"{BATCH}; {MERGER.format(LAST, "'PORT', 'PORT'")}", "supplier_merger_check"),
    ("ledger_consumer", f"{BATCH}; {MERGER.format(LAST, "'CANAL', 'PORT'")}", "no merger of CANAL in company C-1"),
    ("ledger_owner", "update ledger.supplier set name = 'X'", "supplier is append-only"),
    ("ledger_owner", "delete from ledger.supplier_alias", "supplier_alias is append-only"),
    ("ledger_owner", "truncate ledger.supplier_merger", "supplier_merger is append-only"),
]


@pytest.mark.parametrize(("role", "attack", "said"), ATTACKS)
def test_no_role_can_change_or_plant_a_supplier(hands: Hands, role: str, attack: str, said: str):
    """People, readers, the service out of turn, and even the owner."""
    three(hands)
    with hands.session(role) as session, pytest.raises(psycopg.DatabaseError, match=said):
        for statement in attack.split("; "):
            session.execute(statement.encode())
        session.commit()
