"""Every answer of Amazon is read by a model, which names each of its fields, and dumped the same.

Ours lie beside this file. AMAZON_SAMPLES names the folder of those Amazon published, `<api>.<operation>.<status>.json` with a `response`.
"""

import json
import os
from collections.abc import Iterator
from decimal import Decimal
from fnmatch import fnmatchcase
from pathlib import Path
from typing import cast

import pytest
from pydantic import BaseModel

from services.fetcher.domain.amazon import collecting, reporting, reporting_2021, shipments
from services.fetcher.domain.amazon.answer import Answer, Nothing, Published, Refusals, TokenRefusal
from services.fetcher.domain.amazon.invoice import PaymentDetailsAnswer

OURS = Path(__file__).parent / "answers"
THEIRS = os.environ.get("AMAZON_SAMPLES")

MODELS: dict[str, type[Published]] = {
    "lwa.token.400": TokenRefusal,
    "lwa.token.*": collecting.Tokens,
    "*.400": Refusals,
    "reconciliation.getTransactions.200": collecting.TransactionsPage,
    "reconciliation.getInvoiceDetailsByOrderLineItems.200*": collecting.InvoiceDetailsAnswer,
    "reconciliation.getBatchInvoicePaymentDetails.200": PaymentDetailsAnswer,
    "document.createReport.202": collecting.CreateReportAnswer,
    "document.getReport.200": collecting.Report,
    "document.getReports.200": collecting.ReportsPage,
    "document.getReportDocument.200": collecting.ReportDocument,
    "document.cancelReport.200": Nothing,
    "reporting-2025.getOrderReports*.200": reporting.OrderReports,
    "reporting-2025.getOrderLineItemReports.200": reporting.OrderLineItemReports,
    "reporting-2025.getShipmentReports.200": shipments.ShipmentReports,
    "reporting-2025.getShipmentLineItemReports.200": shipments.ShipmentLineItemReports,
    "reporting-2021.getOrdersBy*.200": reporting_2021.OrdersPage,
}
"""The first pattern that a sample's name matches says its model."""

BODIES = "*.published-bodies"
"""What a client may send, published without an answer."""


def model_of(name: str) -> type[Published]:
    """The model of a sample. Raises LookupError when none claims it."""
    for pattern, model in MODELS.items():
        if fnmatchcase(name, pattern):
            return model
    raise LookupError(f"no model claims {name}")


def exact(value: object) -> str:
    """A value as text that tells 1 from 1.0, 1.0 from 1.00, and a number from its text."""
    return json.dumps(value, sort_keys=True, default=repr)


def unnamed(part: object) -> Iterator[str]:
    """The fields that a model carries without naming them, at any depth."""
    if isinstance(part, BaseModel):
        yield from (part.model_extra or {})
        yield from (name for field in type(part).model_fields for name in unnamed(getattr(part, field)))
    elif isinstance(part, list):
        yield from (name for one in cast(list[object], part) for name in unnamed(one))


def body_of(sample: str) -> str:
    """The response of a sample, letter for letter."""
    start = sample.index('"response": ') + len('"response": ')
    return sample[start : json.JSONDecoder().raw_decode(sample, start)[1]]


def check(file: Path) -> None:
    """Its model reads the sample, names each of its fields, and dumps it the same, figure for figure."""
    sample = file.read_text(encoding="utf-8")
    if fnmatchcase(file.stem, BODIES):
        assert "response" not in json.loads(sample)
        return
    body = body_of(sample)
    answer = model_of(file.stem).read(body)
    assert exact(json.loads(body, parse_float=Decimal)) == exact(answer.as_published())
    assert [] == list(unnamed(answer))


def unmet(folder: Path) -> set[str]:
    """The models that no sample of a folder is read by."""
    met = {model_of(file.stem) for file in folder.glob("*.json") if not fnmatchcase(file.stem, BODIES)}
    return {model.__name__ for model in MODELS.values()} - {model.__name__ for model in met}


@pytest.mark.parametrize("file", sorted(OURS.glob("*.json")), ids=lambda file: file.stem)
def test_nothing_of_our_answers_is_lost(file: Path) -> None:
    """Goal: every field is read and kept. Case: answers of our own with every field there is, null where production sends it."""
    check(file)


@pytest.mark.skipif(not THEIRS, reason="AMAZON_SAMPLES names no folder of Amazon's published answers")
@pytest.mark.parametrize("file", sorted(Path(THEIRS).glob("*.json")) if THEIRS else [Path("none")], ids=lambda file: file.stem)
def test_nothing_of_a_published_answer_is_lost(file: Path) -> None:
    """Goal: every field is read and kept. Case: each file of the folder; one that no model claims fails."""
    check(file)


def test_our_answers_meet_every_model() -> None:
    """Goal: no model is untried. Case: our folder."""
    assert set() == unmet(OURS)


@pytest.mark.skipif(not THEIRS, reason="AMAZON_SAMPLES names no folder of Amazon's published answers")
def test_the_published_answers_meet_every_model() -> None:
    """Goal: a wrong or half-empty folder does not pass. Case: theirs; of the token endpoint's refusal no sample is published by itself."""
    assert {"TokenRefusal"} == unmet(Path(THEIRS or ""))


@pytest.mark.parametrize("name", ["reporting-2031.getOrderReports.200", "document.getReport.500", "new.json"])
def test_a_sample_that_no_model_claims_fails(name: str) -> None:
    """Goal: a new kind of answer is noticed. Case: names that the table does not know."""
    with pytest.raises(LookupError, match=name):
        model_of(name)


@pytest.mark.parametrize("other", ['{"a": 1}', '{"a": 1.0}', '{"a": "1.00"}', '{"a": 1.000}', '{"a": 1.00, "b": null}', "{}"])
def test_a_lost_figure_is_noticed(other: str) -> None:
    """Goal: the comparison can fail. Case: 1.00 against what it could have become."""
    assert exact(json.loads('{"a": 1.00}', parse_float=Decimal)) != exact(json.loads(other, parse_float=Decimal))


def test_unknown_and_null_fields_are_kept() -> None:
    """Goal: Amazon may add fields at any time. Case: one in a transaction, beside nulls; it is known to have no name."""
    published = {"transactions": [{"transactionId": "T1", "amount": None, "transactionLineItems": None, "news": {"a": 1}}]}
    page = collecting.TransactionsPage.read(json.dumps(published))
    assert published == page.as_published()
    assert ["news"] == list(unnamed(page))


def test_money_of_a_report_never_goes_through_a_float() -> None:
    """Goal: figures stay as written, more digits than a float has included. Case: read as meant; and read otherwise, it is refused."""
    body = '{"ordersReport": [{"charges": [{"type": "TAX", "amount": {"currencyCode": "EUR", "amount": %s}}]}]}'
    for figure in ("0.10", "12345678901234567.89", "-50.00"):
        report = (reporting.OrderReports.read(body % figure).orders_report or [])[0]
        charge = (report.charges or [])[0]
        assert charge.amount is not None
        assert figure == str(charge.amount.amount)
    with pytest.raises(TypeError, match="float"):
        reporting.OrderReports.model_validate_json(body % "0.10")


@pytest.mark.parametrize(
    ("model", "body"), [(collecting.Tokens, '{"access_token": ["Atza|x"]}'), (collecting.ReportDocument, '{"url": ["Atza|x"]}')]
)
def test_what_cannot_be_read_does_not_show(model: type[Answer], body: str) -> None:
    """Goal: no token in an error. Case: one in the wrong shape."""
    with pytest.raises(ValueError, match="validation error") as unreadable:
        model.read(body)
    assert "Atza" not in f"{unreadable.value} {unreadable.value!r}"


def test_tokens_and_links_do_not_show() -> None:
    """Goal: no token in a log. Case: both ways to write an answer."""
    tokens = collecting.Tokens(access_token="Atza|x", refresh_token="Atzr|x")
    link = collecting.ReportDocument(report_document_id="D-1", url="https://documents.example/Atz")
    assert "Atz" not in f"{tokens} {tokens!r} {link} {link!r}"
