"""Two sellers become one on real parts: a person decides at the classifier's command, and the books follow from the next document on."""

import json
from collections.abc import Callable, Generator
from typing import Any

import pytest

from deploy.local.deployment import Account, Deployment
from deploy.local.folders import temporary_data_folder
from deploy.local.watcher import Watcher
from schemas.contract import EventData
from schemas.invoice_collected.v1 import Party
from schemas.registry import topic_for
from schemas.values import Supplier
from services.kernel.envelope import Event, encode, event_id
from services.kernel.kafka import KafkaSender
from tests.e2e.stages import TIME, ask, kept_by
from tests.support.collected import SELLER_SIREN, document, domestic_invoice, fact, party, seller, settings
from tests.unit.ledger.documents import SETTINGS, invoice, pdf

COMPANY = "cmp_suppliers"
PATIENCE_SECONDS = 60.0
STAYS, GOES = SELLER_SIREN, "906550314"
PORT = party("Papeterie du Port SARL", "FR68906550314", GOES, "FR")
BEFORE = Supplier(name="Amazon Business", auxiliary=GOES, legal_name="Papeterie du Port SARL", vat_id="FR68906550314", siren=GOES)


@pytest.fixture(scope="module", name="deployment")
def running() -> Generator[Deployment]:
    """Every part, on a data folder of its own."""
    with temporary_data_folder("achats-suppliers-") as data, Deployment(data, Account(invoices=1)) as deployment:
        yield deployment


def send(deployment: Deployment, producer: str, data: EventData) -> None:
    """One event of a service that has nothing else to say."""
    source = f"/achats/{producer}"
    event = Event(event_id(source, data.ce_type, data.subject, 1), source, TIME, data)
    assert 1 == KafkaSender(deployment.kafka.bootstrap, "test").send([encode(event, topic_for(producer, type(data)))])


def collect(deployment: Deployment, n: int, of: Party) -> None:
    """The fetcher has the n-th document, of this seller."""
    usual = domestic_invoice()
    evidence = usual.evidence.model_copy(update={"seller": of, "number": fact(f"FR-{n}")})
    stated = usual.stated.model_copy(update={"number": fact(f"FR-{n}", "api:invoices")})
    changes: dict[str, Any] = {"evidence": evidence, "stated": stated, "settings": settings(supplier_mode="legal_seller")}
    said = {"company_id": COMPANY, "invoice_id": f"inv-{n}", "document": document(f"PDF {n}".encode()), **changes}
    send(deployment, "fetcher", usual.model_copy(update=said))


def booked(deployment: Deployment) -> dict[str, str]:
    """The auxiliary of each document's entry."""
    rows = ask(
        deployment,
        f"select e.piece_ref, l.auxiliary from ledger.entry as e join ledger.line as l using (entry_id) "
        f"where e.company_id = '{COMPANY}' and l.auxiliary is not null",
    )
    return dict(rows)


def until(deployment: Deployment, condition: Callable[[], bool]) -> None:
    """Wait for what the services do."""
    watcher = Watcher(deployment.kafka.bootstrap)
    try:
        assert watcher.wait(condition, PATIENCE_SECONDS)
    finally:
        watcher.stop()


def decide(deployment: Deployment, goes: str, stays: str) -> None:
    """A person decides."""
    deployment.command("classifier", "decide", "merge", "--company", COMPANY, "--by", "Mme Lefèvre", goes, stays)


def test_documents_of_a_supplier_that_became_another_one_go_there(deployment: Deployment):
    """
    FR-1 of the canal, FR-2 of the port   each on its own auxiliary
    the port is the canal                 what is booked stays
    FR-3 of the port                      on the canal, as the classifier says
    FR-4 of the port                      on the canal, though it was classified before the decision
    the statement of the canal shows all four, each line with its own auxiliary; the book is as sealed
    """
    collect(deployment, 1, seller())
    collect(deployment, 2, PORT)
    until(deployment, lambda: {"FR-1": STAYS, "FR-2": GOES} == booked(deployment))
    decide(deployment, GOES, STAYS)
    until(deployment, lambda: bool(ask(deployment, "select from ledger.supplier_merger")))
    collect(deployment, 3, PORT)
    own = SETTINGS.model_copy(update={"supplier_mode": "legal_seller"})
    changes: dict[str, Any] = {"company_id": COMPANY, "invoice_id": "inv-4", "number": "FR-4", "document": pdf("inv-4")}
    send(deployment, "classifier", invoice(supplier=BEFORE, settings=own, **changes))
    until(deployment, lambda: {"FR-1": STAYS, "FR-2": GOES, "FR-3": STAYS, "FR-4": STAYS} == booked(deployment))
    words = ("--company", COMPANY, "--from", "2026-01-01", "--to", "2026-12-31", "--auxiliary", STAYS, "--format", "json")
    rows = [json.loads(line) for line in deployment.command("ledger", "report", "supplier", *words).splitlines()]
    assert {("FR-1", STAYS), ("FR-2", GOES), ("FR-3", STAYS), ("FR-4", STAYS)} == {
        (row["piece_ref"], row["auxiliary"]) for row in rows if row["piece_ref"]
    }
    assert -(3 * 85_65 + 120_00) == rows[-1]["balance_cents"]
    listed = deployment.command("ledger", "suppliers", "--company", COMPANY).splitlines()
    assert [(STAYS, False), (GOES, True)] == [(line.split()[0], f"fusionné avec {STAYS}" in line) for line in listed]
    assert "tout est conforme" in deployment.command("ledger", "verify")


def test_a_decision_that_makes_no_sense_is_parked_with_its_reason_and_stops_nothing(deployment: Deployment):
    """A code that no document of the company has; then a document is booked as ever."""
    decide(deployment, "NOBODY", STAYS)
    until(deployment, lambda: bool(kept_by(deployment, "ledger")))
    ((_, why),) = kept_by(deployment, "ledger")
    assert "suppliers_stay_two" == why.reason
    assert "Le livre ne connaît pas ce fournisseur : NOBODY. Vérifier les deux codes" in why.detail
    collect(deployment, 5, PORT)
    until(deployment, lambda: STAYS == booked(deployment).get("FR-5"))
