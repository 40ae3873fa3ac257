"""`achats-classifier` runs the worker; `… migrate` brings its schema up to date; the other commands are for people: `… --help`."""

import os
import sys
import threading
from contextlib import closing
from pathlib import Path

from services.classifier.adapters.command_line import run_command
from services.classifier.adapters.decisions import PostgresDecisions
from services.classifier.adapters.faust_app import leave
from services.classifier.adapters.relaying import relay_or_leave
from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.adapters.worker import Worker
from services.classifier.config import Config, PeoplesConfig, migrate_url
from services.classifier.handler import SERVICE, Rulebooks
from services.kernel.kafka import KafkaSender
from services.kernel.log import configure
from services.kernel.migrate import migrate
from services.kernel.postgres import Outbox, PostgresBreaker, PostgresStore
from services.kernel.probes import Health, serve

MIGRATIONS = Path(__file__).with_name("migrations")


def main() -> None:
    """The command."""
    match sys.argv[1:]:
        case ["migrate"]:
            migrate(migrate_url(os.environ), SERVICE, MIGRATIONS, with_outbox=True)
        case []:
            work(Config.from_env(os.environ))
        case words:
            sys.exit(run_command(words, PeoplesConfig(os.environ)))


def work(config: Config) -> None:
    """Classify, learn, and announce what people decided, until SIGTERM."""
    configure(SERVICE, config.pretty_log)
    health = Health(frozenset({"worker", "relay"}))
    serve(config.health_port, health)
    with closing(PostgresStore(config.database_url, SERVICE, pool_size=2)) as store:
        sender = KafkaSender(config.kafka, f"achats-{SERVICE}")
        relaying = (Outbox(store), sender, health, SERVICE, leave)
        threading.Thread(target=relay_or_leave, args=relaying, name="relay", daemon=True).start()
        rulebooks = Rulebooks(read_rulebook(), PostgresDecisions(store))
        Worker(config.kafka, rulebooks, PostgresBreaker(store), health).run()


if __name__ == "__main__":
    main()
