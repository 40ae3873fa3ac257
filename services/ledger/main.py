"""`achats-ledger` runs the service; `migrate` prepares its schema; other words read the book, write it out, or are deeds of a person."""

import os
import sys
import threading
from contextlib import closing
from functools import partial
from pathlib import Path

from schemas.registry import parked_topic, retry_topic, topics_read_by, types_on
from services.kernel import probes
from services.kernel.clock import SystemClock
from services.kernel.kafka import KafkaSender, KafkaSource
from services.kernel.log import configure
from services.kernel.loop import consume, relay, run
from services.kernel.migrate import migrate
from services.kernel.postgres import Outbox, PostgresBreaker, PostgresStore
from services.ledger.adapters.announcements import Announcements, InTurn
from services.ledger.adapters.automatic import LOOP, Automatic, keep_validating
from services.ledger.adapters.books import PostgresBooks
from services.ledger.adapters.daily.commands import note_heads, reconcile
from services.ledger.adapters.people import parser
from services.ledger.adapters.positions import PostgresPositions
from services.ledger.config import Config, database_url, heads_url, kafka, migrate_url
from services.ledger.handler import SERVICE, KeepBooks

MIGRATIONS = Path(__file__).with_name("migrations")


def main() -> None:
    """The command."""
    wanted = parser().parse_args(sys.argv[1:])
    match wanted.command:
        case "migrate":
            migrate(migrate_url(os.environ), SERVICE, MIGRATIONS, with_outbox=True)
        case None:
            config = Config.from_env(os.environ)
            configure(SERVICE, config.pretty_log)
            own, relays, validating = (_session(config.database_url) for _ in range(3))
            with closing(own), closing(relays), closing(validating):
                sys.exit(serve(config, own, relays, validating))
        case "heads":
            sys.exit(note_heads(wanted, _open_book, heads_url(os.environ)))
        case "reconcile":
            sys.exit(reconcile(wanted, _open_book, kafka(os.environ)))
        case _:
            sys.exit(wanted.answer(wanted, _open_book))


def serve(config: Config, own: PostgresStore, relays: PostgresStore, validating: PostgresStore) -> int:
    """Keep the books, announce them, validate what may validate itself, each on a session of its own, until told to stop; the exit code."""
    health, stop = probes.Health(frozenset({"consume", "relay", LOOP})), threading.Event()
    positions = PostgresPositions(own)
    keep = KeepBooks(PostgresBooks(own, positions), parked_topic(SERVICE), SystemClock())
    topics = topics_read_by(SERVICE)
    source = partial(KafkaSource, config.kafka, f"achats-{SERVICE}", (*topics, retry_topic(SERVICE)), positions)
    sender = KafkaSender(config.kafka, f"achats-{SERVICE}")
    probes.serve(config.health_port, health)
    loops = {
        "consume": lambda: consume(source, keep, types_on(topics), PostgresBreaker(own), health, stop),
        "relay": lambda: relay(InTurn(Announcements(relays), Outbox(relays)), sender, health, stop, SERVICE),
        LOOP: lambda: keep_validating(Automatic(validating), health, stop),
    }
    return run(SERVICE, loops, stop)


def _open_book() -> PostgresStore:
    return _session(database_url(os.environ))


def _session(url: str) -> PostgresStore:
    return PostgresStore(url, SERVICE, pool_size=1)


if __name__ == "__main__":
    main()
