"""What can be set on the command line, with the defaults of the local deployment."""

from argparse import ArgumentParser
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.amazon.clock import VirtualClock, parse_clock, real_clock
from deploy.local.amazon.parties import BUYER, Party, french_vat_number


@dataclass(frozen=True, slots=True)
class Application:
    """Our registration in Amazon's Solution Provider Portal."""

    application_id: str = "amzn1.sp.solution.00000000-0000-4000-8000-000000000001"
    client_id: str = "amzn1.application-oa2-client.00000000000000000000000000000001"
    client_secret: str = "amzn1.oa2-cs.v1.simulated-secret"
    redirect_uri: str = "http://127.0.0.1:8080/connectivite/amazon/callback"


@dataclass(frozen=True, slots=True)
class Pace:
    """Durations and sizes Amazon does not publish, in virtual seconds and in rows."""

    queued_s: float = 15
    processing_s: float = 30
    page_size: int = 100


@dataclass(frozen=True, slots=True)
class Settings:
    """One run of the simulator."""

    port: int
    documents_port: int
    control_port: int
    seed: int = 1
    invoices: int = 40
    documents: Path | None = None
    clock: VirtualClock = field(default_factory=real_clock)
    buyer: Party = BUYER
    application: Application = field(default_factory=Application)
    pace: Pace = field(default_factory=Pace)


def parse(arguments: Sequence[str]) -> Settings:
    """Read the command line; a mistake ends the process with a message."""
    given = _parser().parse_args(arguments)
    vat_number = given.buyer_vat or french_vat_number(given.buyer_siren)
    return Settings(
        port=given.port,
        documents_port=given.documents_port,
        control_port=given.control_port,
        seed=given.seed,
        invoices=given.invoices,
        documents=given.documents,
        clock=given.clock or real_clock(),
        buyer=Party(given.buyer_name, BUYER.address, given.buyer_siren, vat_number, BUYER.registry),
        application=Application(given.application_id, given.client_id, given.client_secret, given.redirect_uri),
        pace=Pace(given.queued_seconds, given.processing_seconds, given.page_size),
    )


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m deploy.local.amazon", description="Amazon Business, simulated.")
    parser.add_argument("--port", type=int, required=True, help="consent page, tokens and APIs")
    parser.add_argument("--documents-port", type=int, required=True, help="download links, on another host than the API as at Amazon")
    parser.add_argument("--control-port", type=int, required=True, help="truth, clock, call counts and faults")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--invoices", type=int, default=40, help="documents of the account, one in eight a credit note")
    parser.add_argument("--documents", type=Path, help="serve the PDFs of this folder instead of a made-up account")
    parser.add_argument("--clock", type=parse_clock, help="ORIGIN@EPOCH*SPEED, for instance 2026-03-02T08:00:00Z@1772438400*600")
    _add_identity(parser)
    _add_pace(parser)
    return parser


def _add_identity(parser: ArgumentParser) -> None:
    application = Application()
    parser.add_argument("--buyer-name", default=BUYER.name)
    parser.add_argument("--buyer-siren", default=BUYER.siren)
    parser.add_argument("--buyer-vat", help="default: derived from the SIREN")
    parser.add_argument("--application-id", default=application.application_id)
    parser.add_argument("--client-id", default=application.client_id)
    parser.add_argument("--client-secret", default=application.client_secret)
    parser.add_argument("--redirect-uri", default=application.redirect_uri)


def _add_pace(parser: ArgumentParser) -> None:
    pace = Pace()
    parser.add_argument("--queued-seconds", type=float, default=pace.queued_s, help="virtual seconds a report waits in its queue")
    parser.add_argument("--processing-seconds", type=float, default=pace.processing_s, help="virtual seconds a report takes once started")
    parser.add_argument("--page-size", type=int, default=pace.page_size, help="transactions per page")
