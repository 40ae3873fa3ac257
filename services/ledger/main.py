"""`achats-ledger` runs the service; `migrate` brings its schema up to date; `list`, `entry` and `totals` read the book."""

import argparse
import os
import sys
import threading
from pathlib import Path

from schemas.registry import parked_topic, topics_read_by, types_on
from services.kernel import probes
from services.kernel.clock import SystemClock
from services.kernel.kafka import KafkaSender, KafkaSource
from services.kernel.log import configure
from services.kernel.loop import consume, relay, run
from services.kernel.migrate import migrate
from services.kernel.postgres import PostgresStore
from services.ledger.adapters.announcements import Announcements
from services.ledger.adapters.books import PostgresBooks
from services.ledger.adapters.positions import PostgresPositions
from services.ledger.adapters.reading import Reading
from services.ledger.config import Config, database_url, migrate_url
from services.ledger.handler import SERVICE, KeepBooks

MIGRATIONS = Path(__file__).with_name("migrations")


def main() -> None:
    """The command."""
    wanted = _parser().parse_args(sys.argv[1:])
    match wanted.command:
        case "migrate":
            migrate(migrate_url(os.environ), SERVICE, MIGRATIONS, with_outbox=False)
        case None:
            sys.exit(serve(Config.from_env(os.environ)))
        case question:
            reading = Reading(PostgresStore(database_url(os.environ), SERVICE, pool_size=1))
            sys.stdout.writelines(f"{line}\n" for line in reading.answer(question, wanted.about, wanted.json))


def serve(config: Config) -> int:
    """Keep the books and announce them until told to stop; the exit code."""
    configure(SERVICE, config.pretty_log)
    health, stop = probes.Health(), threading.Event()
    own_session = PostgresStore(config.database_url, SERVICE, pool_size=1)
    positions = PostgresPositions(own_session)
    keep = KeepBooks(PostgresBooks(own_session, positions), parked_topic(SERVICE), SystemClock())
    announcements = Announcements(PostgresStore(config.database_url, SERVICE, pool_size=1))
    topics = topics_read_by(SERVICE)
    source = KafkaSource(config.kafka, f"achats-{SERVICE}", topics, positions)
    sender = KafkaSender(config.kafka, f"achats-{SERVICE}")
    probes.serve(config.health_port, health.live, health.ready)
    loops = {
        "consume": lambda: consume(source, keep, types_on(topics), health, stop),
        "relay": lambda: relay(announcements, sender, health, stop, SERVICE),
    }
    return run(SERVICE, loops, stop)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="achats-ledger", description="Without a command: keep the books until told to stop.")
    commands = parser.add_subparsers(dest="command")
    commands.add_parser("migrate", help="bring the schema up to date")
    commands.add_parser("totals", help="the whole book as one line of JSON").set_defaults(about="", json=True)
    for name, option, says in (
        ("list", "--company", "a company's invoices, held first"),
        ("entry", "--invoice", "the entry of an invoice"),
    ):
        command = commands.add_parser(name, help=says)
        command.add_argument(option, required=True, dest="about", metavar="ID")
        command.add_argument("--json", action="store_true", help="one JSON object a line")
    return parser


if __name__ == "__main__":
    main()
