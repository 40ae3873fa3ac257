"""`achats-fetcher` runs the service; `… migrate` brings its schema up to date, `… company FILE` enters one, `… read FILE…` reads PDFs.

`… rotate-keys` seals every token and address again under the first of the keys.
"""

import os
import sys
import threading
from contextlib import closing
from functools import partial
from pathlib import Path

from schemas.contract import EventData
from schemas.hold_lifted.v1 import HoldLifted
from schemas.import_finished.v1 import ImportFinished
from schemas.registry import parked_topic, retry_topic, topics_read_by, types_on
from services.fetcher.adapters.amazon import Amazon
from services.fetcher.adapters.announcing import SERVICE
from services.fetcher.adapters.backfill import Backfill
from services.fetcher.adapters.collection import PostgresProgress
from services.fetcher.adapters.companies import Companies
from services.fetcher.adapters.connections import ConnectionDesk
from services.fetcher.adapters.documents import DocumentShelf
from services.fetcher.adapters.entry import enter_company
from services.fetcher.adapters.jobs import Worker
from services.fetcher.adapters.lifting import SaidInvoices
from services.fetcher.adapters.readers import Readers
from services.fetcher.adapters.rotation import Rotation
from services.fetcher.adapters.tries import Tries, stopper
from services.fetcher.adapters.trying import try_files
from services.fetcher.config import Config, EntryConfig, RotationConfig, migrate_url
from services.fetcher.handler import Collect, ImportEnds, LiftHolds
from services.fetcher.web.connecting import Connecting
from services.fetcher.web.pages import application
from services.fetcher.web.run_pages import RunPages
from services.fetcher.web.server import serve_web
from services.fetcher.web.settling import Settling
from services.kernel import probes
from services.kernel.kafka import KafkaSender, KafkaSource
from services.kernel.log import configure
from services.kernel.loop import OncePerEvent, OnEvent, consume, relay, run
from services.kernel.migrate import migrate
from services.kernel.postgres import Outbox, PostgresBreaker, PostgresStore

MIGRATIONS = Path(__file__).with_name("migrations")


def main() -> None:
    """The command."""
    match sys.argv[1:]:
        case ["migrate"]:
            migrate(migrate_url(os.environ), SERVICE, MIGRATIONS, with_outbox=True)
        case ["company", file]:
            entry = EntryConfig.from_env(os.environ)
            with closing(PostgresStore(entry.database_url, SERVICE)) as store:
                enter_company(Path(file), store, entry.contact_sealer, entry.clock)
        case ["rotate-keys"]:
            change = RotationConfig.from_env(os.environ)
            with closing(PostgresStore(change.database_url, SERVICE)) as store:
                rotated = Rotation(store, change.token_sealer, change.contact_sealer, change.clock)()
                keys = f"{change.token_sealer.current} and {change.contact_sealer.current}"
                sys.stdout.write(f"{rotated.tokens} tokens and {rotated.addresses} addresses are now under the keys {keys}\n")
        case ["read", *files]:
            sys.exit(try_files(files))
        case []:
            config = Config.from_env(os.environ)
            configure(SERVICE, config.pretty_log)
            with closing(PostgresStore(config.database_url, SERVICE, pool_size=8)) as store:
                sys.exit(serve(config, store))
        case _:
            sys.exit(__doc__)


def serve(config: Config, store: PostgresStore) -> int:
    """Collect, serve the pages, listen and announce until told to stop; the exit code."""
    health, stop = probes.Health(frozenset({"collect", "consume", "relay"})), threading.Event()
    amazon = Amazon(config.amazon, config.clock)
    desk = ConnectionDesk(store, amazon, config.token_sealer, config.clock)
    readers, shelf = Readers(), DocumentShelf(config.documents_url)
    collect = Collect(PostgresProgress(store), desk, shelf, readers, config.clock, stopper(stop), readers.each)
    backfill = Backfill(store, desk, collect, config.clock)
    worker = Worker(config.database_url, Tries(store, collect), Tries(store, backfill), desk.start_due_runs, health)
    connecting, settling = Connecting(store, amazon, config.token_sealer, config.clock), Settling(store, config.clock)
    pages = application(connecting, settling, config.web, RunPages(connecting, settling).routes())
    topics = topics_read_by(SERVICE)
    on: dict[type[EventData], OnEvent] = {
        ImportFinished: ImportEnds(Companies, config.clock),
        HoldLifted: LiftHolds(SaidInvoices, config.clock),
    }
    listen = OncePerEvent(store, SERVICE, parked_topic(SERVICE), on, config.clock)
    source = partial(KafkaSource, config.kafka, f"achats-{SERVICE}", (*topics, retry_topic(SERVICE)))
    sender = KafkaSender(config.kafka, f"achats-{SERVICE}")
    probes.serve(config.health_port, health)
    loops = {
        "web": lambda: serve_web(pages, config.web, stop),
        "collect": lambda: worker.run(stop),
        "consume": lambda: consume(source, listen, types_on(topics), PostgresBreaker(store), health, stop),
        "relay": lambda: relay(Outbox(store), sender, health, stop, SERVICE),
    }
    return run(SERVICE, loops, stop)


if __name__ == "__main__":
    main()
