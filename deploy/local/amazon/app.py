"""Wire the simulator: its accounts, one clock, and the applications of the three ports."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from random import Random

from starlette.applications import Starlette
from starlette.routing import Route

from deploy.local.amazon.accounts import Account, AccountKind, Accounts, company
from deploy.local.amazon.assumptions import Assumptions
from deploy.local.amazon.calls import Journal, Weather
from deploy.local.amazon.client_secrets import ClientSecrets
from deploy.local.amazon.clock import VirtualClock
from deploy.local.amazon.control import Control, control_app
from deploy.local.amazon.downloads import Downloads
from deploy.local.amazon.gate import Gate
from deploy.local.amazon.knobs import Knobs
from deploy.local.amazon.login import ConsentPage, TokenEndpoint
from deploy.local.amazon.parties import Party
from deploy.local.amazon.payment_details import PaymentDetails
from deploy.local.amazon.reconciliation import Reconciliation
from deploy.local.amazon.reporting import Reporting
from deploy.local.amazon.reporting_2021 import OldReporting
from deploy.local.amazon.reports import Reports, Terms
from deploy.local.amazon.seeded import Recipe, seeded_world
from deploy.local.amazon.settings import Settings
from deploy.local.amazon.signing import Signer
from deploy.local.amazon.spoiling import Spoiling
from deploy.local.amazon.throttle import Throttle
from deploy.local.amazon.tokens import LoginWithAmazon, Registration
from deploy.local.amazon.world import World

RECONCILIATION = "/reconciliation/2021-01-08"
DOCUMENT = "/reports/2021-09-30"
REPORTING = "/reports/2025-06-09"
OLD_REPORTING = "/reports/2021-01-08"


@dataclass(frozen=True, slots=True)
class Simulator:
    """The three applications, and what they speak of."""

    accounts: Accounts
    clock: VirtualClock
    assumed: Assumptions
    weather: Weather
    registration: Registration
    api: Starlette
    documents: Starlette
    control: Starlette

    @property
    def world(self) -> World:
        """What the first account bought."""
        return self.accounts.first.world

    def on_ports(self, settings: Settings) -> dict[int, Starlette]:
        """Which application answers where, the control port last."""
        return {settings.port: self.api, settings.documents_port: self.documents, settings.control_port: self.control}


def build(settings: Settings) -> Simulator:
    """A simulator ready to be served, over sockets or in process; no PDF is drawn yet."""
    clock, assumed, accounts = settings.clock, settings.assumed, open_accounts(settings)
    signer = Signer(f"{settings.seed} {settings.application.client_id}")
    registration = Registration(settings.application, ClientSecrets(settings.application.client_secret, clock, signer, assumed))
    login = LoginWithAmazon(registration, accounts, signer, clock, assumed)
    weather = Weather(settings.ways.rates, Random(f"{settings.seed} weather"))
    journal, spoil, throttle = Journal(weather), Spoiling(clock), Throttle(clock)
    reports = Reports(accounts, clock, signer, Terms(assumed, weather, f"http://127.0.0.1:{settings.documents_port}"))
    reconciliation, gate = Reconciliation(accounts, clock, signer, assumed), Gate(login, throttle, journal, spoil, assumed)
    payments = PaymentDetails(accounts, clock)
    routes = [
        *ConsentPage(accounts, login, journal, assumed, signer).routes(),
        *TokenEndpoint(login, journal, spoil).routes(),
        *api_routes(gate, reconciliation, reports),
        gate.route("POST", f"{RECONCILIATION}/invoices/batch/paymentDetails", "getBatchInvoicePaymentDetails", payments.batch),
        *reporting_routes(gate, Reporting(accounts, clock, signer, assumed), OldReporting(accounts, clock, signer)),
    ]
    download = Route("/{document_id}", Downloads(reports, clock, signer, journal, spoil).download)
    control = Control(accounts, clock, journal, partial(one_more, settings, accounts))
    knobs = Knobs(assumed, weather, registration)
    return Simulator(
        accounts=accounts,
        clock=clock,
        assumed=assumed,
        weather=weather,
        registration=registration,
        api=Starlette(routes=routes),
        documents=Starlette(routes=[download]),
        control=control_app(control, knobs),
    )


def open_accounts(settings: Settings) -> Accounts:
    """The first account, and so many made-up ones beside it."""
    kinds, ways = settings.ways.kinds, settings.ways
    others = (
        Account(buyer, partial(planned, settings, buyer, settings.seed + rank), kinds[(rank - 1) % len(kinds)])
        for rank in range(1, ways.accounts)
        for buyer in (company(rank),)
    )
    return Accounts([Account(settings.buyer, first_world(settings), AccountKind.BUSINESS), *others])


def one_more(settings: Settings, accounts: Accounts, name: str | None, seed: int | None, kind: AccountKind) -> Account:
    """A further account for the control plane to open."""
    rank = 1_000 + len(accounts.all)
    buyer = company(rank) if name is None else replace(company(rank), name=name)
    return Account(buyer, partial(planned, settings, buyer, settings.seed + rank if seed is None else seed), kind)


def first_world(settings: Settings) -> Callable[[], World]:
    """What the first account bought: the PDFs of a folder when one is given, read while we may still read it; else made up when asked."""
    if settings.documents is None:
        return partial(planned, settings, settings.buyer, settings.seed)
    from deploy.local.amazon.real_documents import folder_world  # here: its XML library takes a second to load

    world = folder_world(settings.documents, settings.seed, settings.clock.origin, settings.buyer)
    return lambda: world


def planned(settings: Settings, buyer: Party, seed: int) -> World:
    """Made-up purchases of one company, all from a seed."""
    return seeded_world(Recipe(seed, settings.invoices, settings.clock.origin, buyer, settings.ways.season, settings.ways.rates))


def api_routes(gate: Gate, reconciliation: Reconciliation, reports: Reports) -> list[Route]:
    """The published operations."""
    return [
        gate.route("GET", f"{RECONCILIATION}/transactions", "getTransactions", reconciliation.transactions),
        gate.route("POST", f"{RECONCILIATION}/invoices", "getInvoiceDetailsByOrderLineItems", reconciliation.invoices),
        gate.route("POST", f"{DOCUMENT}/reports", "createReport", reports.create),
        gate.route("GET", f"{DOCUMENT}/reports", "getReports", reports.list),
        gate.route("GET", f"{DOCUMENT}/reports/{{reportId}}", "getReport", reports.get),
        gate.route("DELETE", f"{DOCUMENT}/reports/{{reportId}}", "cancelReport", reports.cancel),
        gate.route("GET", f"{DOCUMENT}/documents/{{reportDocumentId}}", "getReportDocument", reports.document),
    ]


def reporting_routes(gate: Gate, new: Reporting, old: OldReporting) -> list[Route]:
    """The published operations of both Reporting APIs."""
    by_number = f"{REPORTING}/purchaseOrders/{{purchaseOrderNumber}}/orderReports"
    return [
        gate.route("GET", f"{REPORTING}/orderReports", "getOrderReports", new.orders),
        gate.route("GET", f"{REPORTING}/orderLineItemReports", "getOrderLineItemReports", new.order_lines),
        gate.route("GET", by_number, "getOrderReportsByPurchaseOrderNumber", new.orders_of_purchase_order),
        gate.route("GET", f"{REPORTING}/shipmentReports", "getShipmentReports", new.shipments),
        gate.route("GET", f"{REPORTING}/shipmentLineItemReports", "getShipmentLineItemReports", new.shipment_lines),
        gate.route("GET", f"{OLD_REPORTING}/orders", "getOrdersByOrderDate", old.by_date),
        gate.route("GET", f"{OLD_REPORTING}/orders/{{orderId}}", "getOrdersByOrderId", old.by_id),
    ]
