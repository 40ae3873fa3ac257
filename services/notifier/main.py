"""`achats-notifier` runs the service, `achats-notifier migrate` brings its schema up to date."""

import os
import random
import sys
import threading
from contextlib import closing
from functools import partial
from pathlib import Path

from schemas.connection_broken.v1 import ConnectionBroken
from schemas.connection_changed.v1 import ConnectionChanged
from schemas.contact_described.v1 import ContactDescribed
from schemas.contract import EventData
from schemas.registry import parked_topic, retry_topic, topic_for, topics_read_by, types_on
from services.kernel import probes
from services.kernel.clock import SystemClock
from services.kernel.kafka import KafkaSender, KafkaSource
from services.kernel.log import configure
from services.kernel.loop import OncePerEvent, OnEvent, consume, relay, run
from services.kernel.migrate import migrate
from services.kernel.postgres import Outbox, PostgresBreaker, PostgresStore
from services.notifier.adapters.desk import PostgresDesk
from services.notifier.adapters.smtp import SmtpPost
from services.notifier.config import Config, migrate_url
from services.notifier.handler import SERVICE, Deliver, EndContacts, KeepContact, Letterhead, ReserveLetter, ReserveWarning

MIGRATIONS = Path(__file__).with_name("migrations")


def main() -> None:
    """The command."""
    match sys.argv[1:]:
        case ["migrate"]:
            migrate(migrate_url(os.environ), SERVICE, MIGRATIONS, with_outbox=True)
        case []:
            config = Config.from_env(os.environ)
            configure(SERVICE, config.pretty_log)
            with closing(PostgresStore(config.database_url, SERVICE)) as store:
                sys.exit(serve(config, store))
        case _:
            sys.exit(__doc__)


def serve(config: Config, store: PostgresStore) -> int:
    """Listen, deliver and announce until told to stop; the exit code."""
    health, stop = probes.Health(frozenset({"consume", "deliver", "relay"})), threading.Event()
    desk = PostgresDesk(store)
    topics = topics_read_by(SERVICE)
    on: dict[type[EventData], OnEvent] = {
        ConnectionChanged: ReserveLetter(desk),
        ConnectionBroken: ReserveWarning(desk),
        ContactDescribed: KeepContact(desk),
    }
    once = OncePerEvent(store, SERVICE, parked_topic(SERVICE), on, SystemClock())
    listen = EndContacts(desk, topic_for("fetcher", ContactDescribed), once)
    source = partial(KafkaSource, config.kafka, f"achats-{SERVICE}", (*topics, retry_topic(SERVICE)))
    sender = KafkaSender(config.kafka, f"achats-{SERVICE}")
    post = SmtpPost(config.smtp_host, config.smtp_port, config.mail_from)
    letterhead = Letterhead(config.public_url, config.message_domain)
    deliver = Deliver(desk, post, config.contact_sealer, letterhead, SystemClock(), lambda: random.randint(0, 100))
    probes.serve(config.health_port, health)
    loops = {
        "consume": lambda: consume(source, listen, types_on(topics), PostgresBreaker(store), health, stop),
        "deliver": lambda: deliver.until(stop, health),
        "relay": lambda: relay(Outbox(store), sender, health, stop, SERVICE),
    }
    return run(SERVICE, loops, stop)


if __name__ == "__main__":
    main()
