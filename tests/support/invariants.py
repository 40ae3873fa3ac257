"""What must hold after an import, whatever happened on the way."""

from typing import Any

from deploy.local.demo import Outcome
from schemas.entry_recorded.v1 import EntryLine
from schemas.invoice_described.v1 import InvoiceDescribed

SUPPLIERS = ("401", "404")


def check(outcome: Outcome, truth: list[dict[str, Any]]) -> None:
    """Each document once; the run adds up; debits = credits; each supplier credit = its PDF's gross; exactly one e-mail."""
    summary = outcome.summary
    assert len(truth) == summary.collected
    assert summary.collected == sum(
        (summary.recorded, summary.no_entry, summary.archived, summary.held, summary.parked, summary.duplicates)
    )
    assert summary.debit_cents == summary.credit_cents
    assert summary.entries == summary.recorded
    assert 1 == summary.mails
    assert sorted(row["number"] for row in truth) == sorted(one.number or "" for one in outcome.invoices)
    by_number = {row["number"]: row for row in truth}
    for invoice in outcome.invoices:
        if invoice.outcome == "recorded":
            expected = by_number[invoice.number]
            assert (expected["gross_cents"], expected["sha256"]) == (owed(invoice), invoice.document.sha256)


def owed(invoice: InvoiceDescribed) -> int:
    """What the entry says is owed to the supplier (or, for a credit note, what the supplier owes), in cents."""
    return abs(sum(_credit(line) for line in invoice.lines if line.account.startswith(SUPPLIERS)))


def _credit(line: EntryLine) -> int:
    return line.credit_cents - line.debit_cents
