"""Every answer of the simulator is read by the fetcher's own models, which name each of its fields, in calm and in trouble.

AMAZON_MODELS names the folder of Amazon's Swagger models: then every answer is held against them too, closed and with nulls left out.
"""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
from httpx import Response
from jsonschema import Draft4Validator
from pydantic import BaseModel

from deploy.local.amazon.clock import iso
from deploy.local.amazon.settings import Ways
from deploy.local.amazon.trouble import CALM, HARSH, Rates
from services.fetcher.domain.amazon import collecting, reporting, reporting_2021, shipments
from services.fetcher.domain.amazon.answer import Published, Refusals
from services.fetcher.domain.amazon.invoice import PaymentDetailsAnswer
from tests.unit.simulator.customer import FRANCE, START, Customer, order_line

MODELS = os.environ.get("AMAZON_MODELS")
RECONCILIATION, DOCUMENT, NEW, OLD = (
    "reconciliation-2021-01-08",
    "document-reports-2021-09-30",
    "reporting-2025-06-09",
    "reporting-2021-01-08",
)
QUIET = {"server_error": 0, "malformed": 0, "slow": 0}


@dataclass(frozen=True)
class Operation:
    """One answer's shape: ours, and Amazon's as model file and definition."""

    model: type[Published]
    file: str
    definition: str


OPERATIONS = {
    "getTransactions": Operation(collecting.TransactionsPage, RECONCILIATION, "TransactionsResponse"),
    "getInvoiceDetailsByOrderLineItems": Operation(
        collecting.InvoiceDetailsAnswer, RECONCILIATION, "InvoiceDetailsByOrderLineItemsResponse"
    ),
    "getBatchInvoicePaymentDetails": Operation(PaymentDetailsAnswer, RECONCILIATION, "GetBatchInvoicePaymentDetailsResponse"),
    "createReport": Operation(collecting.CreateReportAnswer, DOCUMENT, "CreateReportResponse"),
    "getReport": Operation(collecting.Report, DOCUMENT, "Report"),
    "getReports": Operation(collecting.ReportsPage, DOCUMENT, "GetReportsResponse"),
    "getReportDocument": Operation(collecting.ReportDocument, DOCUMENT, "ReportDocument"),
    "getOrderReports": Operation(reporting.OrderReports, NEW, "GetOrderReportsResponse"),
    "getOrderLineItemReports": Operation(reporting.OrderLineItemReports, NEW, "GetOrderLineItemReportsResponse"),
    "getOrderReportsByPurchaseOrderNumber": Operation(reporting.OrderReports, NEW, "GetOrderReportsByPurchaseOrderNumberResponse"),
    "getShipmentReports": Operation(shipments.ShipmentReports, NEW, "GetShipmentReportsResponse"),
    "getShipmentLineItemReports": Operation(shipments.ShipmentLineItemReports, NEW, "GetShipmentLineItemReportsResponse"),
    "getOrdersByOrderDate": Operation(reporting_2021.OrdersPage, OLD, "OrdersOutput"),
    "getOrdersByOrderId": Operation(reporting_2021.OrdersPage, OLD, "OrdersOutput"),
}


@cache
def answers(rates: Rates) -> Mapping[str, Response]:
    """An answer of every operation, of an account with these rates; the largest there is of each."""
    customer = Customer(invoices=80, ways=Ways(rates=rates))
    customer.rule("/rates", **QUIET)
    [order_id] = customer.do({"deed": "place"})
    [shipment_id] = customer.do({"deed": "ship", "order_id": order_id, "instrument": "Pay by Invoice"})
    [number] = customer.do({"deed": "invoice", "shipment_id": shipment_id})
    customer.later(days=10)
    return {**reconciled(customer, number), **documented(customer, number), **reported(customer)}


def reconciled(customer: Customer, number: str) -> dict[str, Response]:
    """Transactions, details and payments."""
    lines = {str(key): key for one in customer.recent() for line in one.transactionLineItems or [] for key in (order_line(line),)}
    now = customer.clock.now()
    return {
        "getTransactions": customer.transactions(feedStartDate=iso(now - timedelta(days=99)), feedEndDate=iso(now)),
        "getInvoiceDetailsByOrderLineItems": customer.invoices_of(list(lines.values())[:25]),
        "getBatchInvoicePaymentDetails": customer.post(
            "/reconciliation/2021-01-08/invoices/batch/paymentDetails", {"invoiceIds": [number, "unknown"]}
        ),
    }


def documented(customer: Customer, number: str) -> dict[str, Response]:
    """A report from its creation to its link."""
    customer.rule("/rates", fatal=0, cancelled=0)
    created = customer.create_report(invoiceId=number)
    customer.clock.advance(60)
    done = customer.get(f"/reports/2021-09-30/reports/{created.json()['reportId']}")
    customer.create_report(orderId="x")
    return {
        "createReport": created,
        "getReport": done,
        "getReports": customer.get("/reports/2021-09-30/reports", reportTypes="GET_AB_INVOICE_PDF", pageSize="1"),
        "getReportDocument": customer.get(f"/reports/2021-09-30/documents/{done.json()['reportDocumentId']}"),
    }


def reported(customer: Customer) -> dict[str, Response]:
    """Orders and shipments."""
    month = {"orderStartDate": iso(START - timedelta(days=30)), "orderEndDate": iso(START)}
    orders = customer.get("/reports/2025-06-09/orderReports", **month)
    number = next(row["purchaseOrderNumber"] for row in orders.json()["ordersReport"] if "purchaseOrderNumber" in row)
    first = min(document.shipments[0].ordered_at for document in customer.simulator.world.documents)
    extras = {"includeLineItems": "true", "includeShipments": "true", "includeCharges": "true"}
    old = customer.get("/reports/2021-01-08/orders", startDate=iso(first), endDate=iso(first + timedelta(hours=23)), **extras)
    return {
        "getOrderReports": orders,
        "getOrderLineItemReports": customer.get("/reports/2025-06-09/orderLineItemReports", **month),
        "getOrderReportsByPurchaseOrderNumber": customer.get(f"/reports/2025-06-09/purchaseOrders/{number}/orderReports"),
        "getShipmentReports": customer.get("/reports/2025-06-09/shipmentReports", **month),
        "getShipmentLineItemReports": customer.get("/reports/2025-06-09/shipmentLineItemReports", **month),
        "getOrdersByOrderDate": old,
        "getOrdersByOrderId": customer.get(f"/reports/2021-01-08/orders/{old.json()['orders'][0]['orderId']}", **extras),
    }


def refusals() -> dict[str, Response]:
    """400, 401, 403, 404, 429 and 503."""
    customer = Customer(invoices=8)
    path = "/reports/2021-09-30/reports/x"
    expired = Customer(invoices=8)
    expired.clock.advance(3600)
    faulty = Customer(invoices=8)
    faulty.control.ask("POST", "/faults", json=[{"operation": "getReport", "status": 503, "times": 1}])
    return {
        "400": customer.post("/reports/2021-09-30/reports", {}),
        "401": customer.api.ask("GET", path, headers={**customer.headers, "x-amz-access-token": "x"}),
        "403": expired.get(path),
        "404": customer.get(path),
        "429": [customer.get(path) for _ in range(16)][-1],
        "503": faulty.get(path),
    }


def unnamed(part: object) -> Iterator[str]:
    """The fields that a model carries without naming them, at any depth."""
    if isinstance(part, BaseModel):
        yield from (part.model_extra or {})
        yield from (name for field in type(part).model_fields for name in unnamed(getattr(part, field)))
    elif isinstance(part, list):
        yield from (name for one in cast(list[object], part) for name in unnamed(one))


@pytest.mark.parametrize("rates", [CALM, HARSH], ids=["calm", "harsh"])
@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_fetchers_models_read_every_answer(operation: str, rates: Rates):
    """And name each of its fields."""
    answer = answers(rates)[operation]
    assert answer.status_code in (200, 202), answer.text
    assert [] == list(unnamed(OPERATIONS[operation].model.read(answer.content)))


def test_the_fetchers_models_read_every_refusal():
    """The error list of each status."""
    for status, answer in refusals().items():
        assert status == str(answer.status_code)
        assert [] == list(unnamed(Refusals.read(answer.content)))


@cache
def published(file: str) -> dict[str, Any]:
    """A Swagger model as JSON schema, closed; its known defects mended: no field is nullable, DateTime has two shapes."""
    swagger: dict[str, Any] = json.loads((Path(MODELS or "") / f"{file}.swagger.json").read_text(encoding="utf-8"))
    definitions = cast(dict[str, dict[str, Any]], swagger["definitions"])
    for definition in definitions.values():
        if "properties" in definition and definition.get("type") == "object":
            definition["additionalProperties"] = False
    if file == NEW:
        definitions["DateTime"] = {"anyOf": [definitions["DateTime"], {"type": "string"}]}
    if file == RECONCILIATION:
        del definitions["InvoiceDetail"]["required"]  # null where unknown, as users reported
        result = definitions["InvoicePaymentDetailResult"]
        result["properties"] |= {"paymentDetails": {"$ref": "#/definitions/PaymentDetails"}, "error": {"$ref": "#/definitions/Error"}}
    return {"definitions": definitions}


def without_nulls(part: Any) -> Any:
    """The same without its null fields."""
    if isinstance(part, dict):
        return {name: without_nulls(value) for name, value in cast(dict[str, object], part).items() if value is not None}
    return [without_nulls(one) for one in cast(list[object], part)] if isinstance(part, list) else part


def breaches(answer: Response, file: str, definition: str) -> list[str]:
    """What of an answer its published model does not allow."""
    schema = {**published(file), "$ref": f"#/definitions/{definition}"}
    found = Draft4Validator(schema).iter_errors(without_nulls(answer.json()))
    return [f"{error.json_path}: {error.message}" for error in found]


if MODELS:

    @pytest.mark.parametrize("rates", [CALM, HARSH], ids=["calm", "harsh"])
    @pytest.mark.parametrize("operation", OPERATIONS)
    def test_amazons_models_allow_every_answer(operation: str, rates: Rates):
        """Field by field, types and enumerations, nothing in addition."""
        shape = OPERATIONS[operation]
        assert [] == breaches(answers(rates)[operation], shape.file, shape.definition)

    def test_amazons_models_allow_every_refusal():
        """The error list of each status."""
        assert [] == [breach for answer in refusals().values() for breach in breaches(answer, DOCUMENT, "ErrorList")]

    def test_a_breach_is_seen():
        """A field more, and a number as text."""
        wrong = Response(200, json={"reports": [{"reportId": 7, "more": 1}]})
        assert 2 <= len(breaches(wrong, DOCUMENT, "GetReportsResponse"))


def test_reports_are_for_the_marketplace_of_the_consent():
    """The identifier that all of these answers carry."""
    assert FRANCE == json.loads(answers(CALM)["getReport"].content)["marketplaceIds"][0]
