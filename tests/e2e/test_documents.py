"""A folder of PDFs through the whole chain: recorded with what they say, held with the true reason, or waiting."""

import hashlib
import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fpdf import FPDF

from deploy.local.demo import Outcome, company, connect, outcome
from deploy.local.deployment import Account, Deployment
from deploy.local.folders import temporary_data_folder
from deploy.local.truth import truth
from deploy.local.watcher import Watcher
from schemas.invoice_described.v1 import InvoiceDescribed
from tests.unit.simulator.test_real_documents import CREDIT_NOTE_XML, written_pdf

PATIENCE_SECONDS = 120.0
TEXT_ONLY = (
    "PAPETERIE DU PORT SARL - 3 quai des Brumes - 56100 Lorient",
    "SIREN 906 550 314 - TVA FR68906550314",
    "FACTURE",
    "Facture n° PP-2026-118",
    "Date de facture : 12/02/2026",
    "Total HT : 100,00 EUR",
    "TVA 20 % : 20,00 EUR",
    "Total TTC : 120,00 EUR",
)


def page(*lines: str) -> bytes:
    """One page with these lines; none = a page without text, as a scan."""
    pdf = FPDF()
    pdf.add_page()
    pdf.set_font("helvetica", size=10)
    for line in lines:
        pdf.cell(0, 6, line, new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


@contextmanager
def imported(documents: Path) -> Generator[tuple[Deployment, Watcher, Outcome]]:
    """The account of this folder, imported."""
    with temporary_data_folder("achats-documents-") as data, Deployment(data, Account(documents=documents)) as deployment:
        watcher = Watcher(deployment.kafka.bootstrap)
        connect(deployment, company(documents))
        assert watcher.wait(lambda: watcher.done, PATIENCE_SECONDS)
        yield deployment, watcher, outcome(deployment, watcher, 0.0)
        watcher.stop()


def figures(invoice: InvoiceDescribed) -> tuple[str | None, str | None, str, int | None, str]:
    """Number, type, date, gross in cents, and what became of it."""
    gross = invoice.totals.gross_cents if invoice.totals else None
    return invoice.number, invoice.type, str(invoice.issue_date), gross, invoice.hold.reason if invoice.hold else invoice.outcome


def test_documents_say_what_they_are(tmp_path: Path):
    """
    a credit note with an embedded XML     its own number, date and total, recorded
    an invoice with a text layer only      the same, though the order data state nothing
    a scan without text                    nobody knows its number: it waits, and the run says so; nothing is guessed
    """
    (tmp_path / "a.pdf").write_bytes(written_pdf(CREDIT_NOTE_XML))
    (tmp_path / "b.pdf").write_bytes(page(*TEXT_ONLY))
    (tmp_path / "c.pdf").write_bytes(page())
    with imported(tmp_path) as (_, watcher, result):
        expected = [
            ("AV-77", "credit_note", "2026-02-14", 2255, "recorded"),
            ("PP-2026-118", "invoice", "2026-02-12", 12000, "recorded"),
        ]
        assert expected == sorted(map(figures, result.invoices), key=lambda row: row[0] or "")
        waiting = [(row.reason, row.count) for one in watcher.finished.values() if one.kind == "initial" for row in one.waiting]
        assert [("number_unknown", 1)] == waiting
        assert (2, 0, 1) == (result.summary.collected, result.summary.parked, result.summary.mails)


def test_real_documents_keep_their_own_figures():
    """Number, date and total of each file with embedded XML are the XML's, whether recorded or held; none is parked, none is lost."""
    folder = os.environ.get("DOCUMENTS")
    if not folder:
        pytest.skip("DOCUMENTS does not name a folder of real PDFs")
    with imported(Path(folder)) as (deployment, _, result):
        stated = {row["sha256"]: row for row in truth(deployment)}
        found = {invoice.document.sha256: invoice for invoice in result.invoices}
        files = {hashlib.sha256(path.read_bytes()).hexdigest() for path in Path(folder).glob("*.pdf")}
        assert (files, 0) == (set(found), result.summary.parked)
        for sha256, row in stated.items():
            number, _, day, gross, _ = figures(found[sha256])
            assert row["number"] in (None, number)
            assert (row["date"], row["gross_cents"]) in ((None, None), (day, gross))
