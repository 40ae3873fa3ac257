"""Every answer Amazon has published is read and kept whole. Set AMAZON_SAMPLES to the folder of published request/answer pairs."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from services.fetcher.domain.amazon import (
    Answer,
    CreateReportAnswer,
    InvoiceDetailsAnswer,
    Report,
    ReportDocument,
    ReportsPage,
    Tokens,
    TransactionsPage,
)

MODELS: dict[str, type[Answer]] = {
    "reconciliation.getTransactions.200": TransactionsPage,
    "reconciliation.getInvoiceDetailsByOrderLineItems.200": InvoiceDetailsAnswer,
    "reconciliation.getInvoiceDetailsByOrderLineItems.200.null-details.reported": InvoiceDetailsAnswer,
    "document.createReport.202": CreateReportAnswer,
    "document.getReport.200": Report,
    "document.getReports.200": ReportsPage,
    "document.getReportDocument.200": ReportDocument,
    "lwa.token.shape": Tokens,
}


@pytest.mark.parametrize(("name", "model"), MODELS.items())
def test_nothing_of_a_published_answer_is_lost(name: str, model: type[Answer]) -> None:
    """Read the answer, dump it, compare: the same fields with the same values."""
    folder = os.environ.get("AMAZON_SAMPLES")
    if not folder:
        pytest.skip("AMAZON_SAMPLES does not say where Amazon's published answers are")
    published: dict[str, Any] = json.loads((Path(folder) / f"{name}.json").read_text(encoding="utf-8"))["response"]
    assert published == model.model_validate_json(json.dumps(published)).as_published()


def test_the_published_transaction_has_no_field_without_a_name_here() -> None:
    """Transactions are what we rest on: each of their published fields is declared, none is only carried along."""
    folder = os.environ.get("AMAZON_SAMPLES")
    if not folder:
        pytest.skip("AMAZON_SAMPLES does not say where Amazon's published answers are")
    published = json.loads((Path(folder) / "reconciliation.getTransactions.200.json").read_text(encoding="utf-8"))["response"]
    page = TransactionsPage.model_validate(published)
    for transaction in page.transactions or []:
        assert {} == transaction.model_extra
        assert [{}] == [item.model_extra for item in transaction.transaction_line_items or []]


def test_null_and_unknown_fields_are_kept() -> None:
    """Production sends null for absent objects and may add fields at any time."""
    published = {"transactions": [{"transactionId": "T1", "amount": None, "transactionLineItems": None, "news": {"a": 1}}]}
    assert published == TransactionsPage.model_validate(published).as_published()
