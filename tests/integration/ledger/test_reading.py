"""What a person and the demo read of the book."""

import json
import re

from schemas.values import Supplier
from services.kernel.postgres import PostgresStore
from services.ledger.adapters.reading import Reading
from tests.integration.ledger.shelf import Shelf, event
from tests.unit.ledger.documents import held, invoice

NARROW = "\u202f"


def answers(shelf: Shelf, question: str, about: str = "", as_json: bool = False) -> list[str]:
    """The lines the command prints."""
    store = PostgresStore(shelf.url, "ledger", pool_size=1)
    try:
        return list(Reading(store).answer(question, about, as_json))
    finally:
        store.close()


def filled(shelf: Shelf) -> None:
    """A booked invoice, one that is held, an archived one, and another company's."""
    foreign = Supplier(name="Amazon Business", auxiliary="AMAZON", legal_name=None, vat_id=None, siren=None)
    old = invoice(invoice_id="I-3", number="FR-3", issue_date=invoice().issue_date.replace(year=2025), supplier=foreign)
    shelf.receive(event(invoice([("606400", 1_234_56, "20")])), event(held(invoice_id="I-2", number="FR-2")), event(old))
    shelf.receive(event(invoice(company_id="C-2", invoice_id="I-9")))


def test_the_list_has_what_is_held_first_with_its_reason(shelf: Shelf):
    filled(shelf)
    rows = [json.loads(line) for line in answers(shelf, "list", "C-1", as_json=True)]
    assert [
        ("I-2", "FR-2", None, None, "À traiter", "issue_date_missing"),
        ("I-1", "FR-1", "2026-03-10", 1_481_47, "À traiter", None),
        ("I-3", "FR-3", "2025-03-10", 120_00, "Archivée", None),
    ] == [(row["invoice_id"], row["number"], row["issue_date"], row["gross_cents"], row["status"], row["hold_reason"]) for row in rows]


def test_the_list_as_a_person_reads_it(shelf: Shelf):
    filled(shelf)
    held_line, booked, _ = answers(shelf, "list", "C-1")
    assert held_line.endswith(
        "À traiter — La date de la facture n'est connue ni par le document ni par Amazon. Relever la date sur le PDF et la saisir."
    )
    assert ["FR-1", "2026-03-10", "Papeterie", "Lyon", f"1{NARROW}234,56", "246,91", f"1{NARROW}481,47", "À", "traiter"] == re.split(
        " +", booked.strip()
    )


def test_an_entry_line_by_line(shelf: Shelf):
    filled(shelf)
    heading, expense, vat, supplier = answers(shelf, "entry", "I-1")
    assert "AC 2026-03-10 FR-1 — Amazon Business — Papeterie Lyon — FR-1" == heading
    assert ["606400", "Fournitures", "administratives", f"1{NARROW}234,56"] == re.split(" +", expense.strip())
    assert ["445660", "TVA", "sur", "autres", "biens", "et", "services", "246,91"] == re.split(" +", vat.strip())
    assert ["401000", "AMAZON", "Fournisseurs", f"1{NARROW}481,47"] == re.split(" +", supplier.strip())
    assert [] == answers(shelf, "entry", "I-2")
    assert [1_234_56, 246_91, 0] == [json.loads(line)["debit_cents"] for line in answers(shelf, "entry", "I-1", as_json=True)]


def test_the_totals_of_the_whole_book(shelf: Shelf):
    filled(shelf)
    (line,) = answers(shelf, "totals", as_json=True)
    assert {
        "entries": 2,
        "debit_cents": 1_601_47,
        "credit_cents": 1_601_47,
        "invoices": 4,
        "recorded": 2,
        "held": 1,
        "archived": 1,
        "no_entry": 0,
        "overtaken": 0,
        "parked": 0,
        "companies": 2,
        "finished_runs": 0,
        "sealed_batches": 2,
        "announced_batches": 0,
    } == json.loads(line)


def test_a_revision_that_came_too_late_is_seen_in_the_list(shelf: Shelf):
    shelf.receive(event(invoice(revision=3)), event(invoice([("606300", 1_00, "20")], revision=2), n=2))
    (row,) = map(json.loads, answers(shelf, "list", "C-1", as_json=True))
    assert (2, "recorded") == (row["overtaken_revision"], row["outcome"])
    (line,) = answers(shelf, "list", "C-1")
    assert line.endswith("À traiter — La révision 2 est arrivée après une plus récente : notée, non comptabilisée.")
