"""What can be set on the command line, with the defaults of the local deployment."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.amazon.accounts import AccountKind
from deploy.local.amazon.application import Application
from deploy.local.amazon.assumptions import Assumptions, UnknownAssumption
from deploy.local.amazon.clock import VirtualClock, parse_clock, real_clock
from deploy.local.amazon.parties import BUYER, Party, french_vat_number
from deploy.local.amazon.seeded import NO_SEASON, Season
from deploy.local.amazon.trouble import CALM, MIXTURES, Rates, UnknownRate, rates_from
from deploy.local.processes import free_port


@dataclass(frozen=True, slots=True)
class Ways:
    """What the accounts are made of: how many, of which kinds from the second on, with which purchases and how much trouble."""

    accounts: int = 1
    kinds: tuple[AccountKind, ...] = (AccountKind.BUSINESS,)
    season: Season = NO_SEASON
    rates: Rates = CALM


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
    assumed: Assumptions = field(default_factory=Assumptions)
    ways: Ways = field(default_factory=Ways)
    static: Path | None = None


def parse(arguments: Sequence[str]) -> Settings:
    """Read the command line; a mistake ends the process with a message."""
    parser = _parser()
    given = parser.parse_args(arguments)
    try:
        assumed, ways = _assumed(given), _ways(given)
    except (UnknownAssumption, UnknownRate, ValueError) as unknown:
        parser.error(f"{unknown.__doc__} {unknown}")
    return Settings(
        port=given.port,
        documents_port=given.documents_port or free_port(),
        control_port=given.control_port,
        seed=given.seed,
        invoices=given.invoices,
        documents=given.documents,
        clock=given.clock or real_clock(),
        buyer=_buyer(given),
        application=Application(given.application_id, given.client_id, given.client_secret, given.redirect_uri, given.login_uri),
        assumed=assumed,
        ways=ways,
        static=given.static,
    )


def _buyer(given: Namespace) -> Party:
    return Party(
        given.buyer_name, BUYER.address, given.buyer_siren, given.buyer_vat or french_vat_number(given.buyer_siren), BUYER.registry
    )


def _assumed(given: Namespace) -> Assumptions:
    assumed = Assumptions(given.page_size, queued_seconds=given.queued_seconds, processing_seconds=given.processing_seconds)
    changes: Iterable[str] = given.assume
    assumed.set({name: value for name, _, value in (change.partition("=") for change in changes)})
    return assumed


def _ways(given: Namespace) -> Ways:
    kinds = tuple(AccountKind(kind) for kind in str(given.kinds).split(","))
    season = Season(given.days, given.orders_a_day)
    return Ways(given.accounts, kinds, season, rates_from(given.trouble, given.rates, given.rate))


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m deploy.local.amazon", description="Amazon Business, simulated.")
    parser.add_argument("--port", type=int, required=True, help="consent page, tokens and APIs")
    parser.add_argument("--documents-port", type=int, help="download links, on another host as at Amazon; default: a free port")
    parser.add_argument("--control-port", type=int, required=True, help="truth, clock, call counts and faults")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--invoices", type=int, default=40, help="documents of each account, one in eight a credit note")
    parser.add_argument("--documents", type=Path, help="serve the PDFs of this folder instead of a made-up account")
    parser.add_argument("--clock", type=parse_clock, help="ORIGIN@EPOCH*SPEED, for instance 2026-03-02T08:00:00Z@1772438400*600")
    parser.add_argument("--static", type=Path, help="answer the published pairs of this folder and nothing else")
    _add_identity(parser)
    _add_ways(parser)
    _add_assumptions(parser)
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
    parser.add_argument("--login-uri", default=application.login_uri, help="what the App Center opens")


def _add_ways(parser: ArgumentParser) -> None:
    parser.add_argument("--accounts", type=int, default=1, help="companies that can be chosen on the consent page, up to 1,000")
    parser.add_argument("--kinds", default="business", help="of the second account and those after it, in turn: business,seller,…")
    parser.add_argument("--days", type=int, default=0, help="a season of purchases after the clock's origin")
    parser.add_argument("--orders-a-day", type=int, default=0, help="in that season")
    parser.add_argument("--trouble", choices=sorted(MIXTURES), default="calm", help="which mixture of trouble")
    parser.add_argument("--rates", type=Path, help="a YAML or JSON file of rates that differ from the mixture")
    parser.add_argument("--rate", action="append", default=[], metavar="NAME=SHARE", help="one rate that differs; may be repeated")


def _add_assumptions(parser: ArgumentParser) -> None:
    assumed = Assumptions()
    parser.add_argument("--queued-seconds", type=float, default=assumed.queued_seconds, help="virtual seconds a report waits in its queue")
    parser.add_argument("--processing-seconds", type=float, default=assumed.processing_seconds, help="virtual seconds a report takes")
    parser.add_argument("--page-size", type=int, default=assumed.page_size, help="transactions per page")
    parser.add_argument("--assume", action="append", default=[], metavar="NAME=VALUE", help="any assumption; may be repeated")
