"""Wire the simulator: one account, one clock, and the applications of the three ports."""

from dataclasses import dataclass

from starlette.applications import Starlette
from starlette.routing import Route

from deploy.local.amazon.calls import Journal
from deploy.local.amazon.control import Control
from deploy.local.amazon.downloads import Downloads
from deploy.local.amazon.gate import Gate
from deploy.local.amazon.login import ConsentPage, TokenEndpoint
from deploy.local.amazon.reconciliation import Reconciliation
from deploy.local.amazon.reports import Reports
from deploy.local.amazon.seeded import seeded_world
from deploy.local.amazon.settings import Settings
from deploy.local.amazon.signing import Signer
from deploy.local.amazon.throttle import Throttle
from deploy.local.amazon.tokens import LoginWithAmazon
from deploy.local.amazon.world import World

RECONCILIATION = "/reconciliation/2021-01-08"
DOCUMENT = "/reports/2021-09-30"


@dataclass(frozen=True, slots=True)
class Simulator:
    """The three applications and the account behind them."""

    world: World
    api: Starlette
    documents: Starlette
    control: Starlette


def build(settings: Settings) -> Simulator:
    """A simulator ready to be served; no PDF is drawn yet."""
    world, clock, journal = open_world(settings), settings.clock, Journal()
    signer = Signer(f"{settings.seed} {settings.application.client_id}")
    login = LoginWithAmazon(settings.application, signer, clock)
    reports = Reports(world, clock, signer, settings.pace, f"http://127.0.0.1:{settings.documents_port}")
    reconciliation = Reconciliation(world, clock, signer, settings.pace.page_size)
    gate = Gate(login, Throttle(clock), journal, settings.seed)
    routes = [
        *ConsentPage(world, settings.application, login, journal).routes(),
        *TokenEndpoint(login, journal).routes(),
        *api_routes(gate, reconciliation, reports),
    ]
    download = Route("/{document_id}", Downloads(reports, clock, signer, journal).download)
    return Simulator(world, Starlette(routes=routes), Starlette(routes=[download]), Control(world, clock, journal).app())


def open_world(settings: Settings) -> World:
    """The account: the PDFs of a folder when one is given, a made-up one otherwise."""
    if settings.documents is None:
        return seeded_world(settings.seed, settings.invoices, settings.clock.origin, settings.buyer)
    from deploy.local.amazon.real_documents import folder_world  # here: its XML library takes a second to load

    return folder_world(settings.documents, settings.seed, settings.clock.origin, settings.buyer)


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
