"""`achats-classifier` runs the worker; `… migrate` brings its schema up to date."""

import os
import sys
from contextlib import closing

from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.adapters.worker import Worker
from services.classifier.config import Config, migrate_url
from services.classifier.handler import SERVICE
from services.kernel.log import configure
from services.kernel.migrate import migrate
from services.kernel.postgres import PostgresBreaker, PostgresStore
from services.kernel.probes import Health, serve


def main() -> None:
    """The command."""
    match sys.argv[1:]:
        case ["migrate"]:
            migrate(migrate_url(os.environ), SERVICE, None, with_outbox=False)
        case []:
            work(Config.from_env(os.environ))
        case _:
            sys.exit(__doc__)


def work(config: Config) -> None:
    """Classify until SIGTERM."""
    configure(SERVICE, config.pretty_log)
    health = Health(frozenset({"worker"}))
    serve(config.health_port, health)
    with closing(PostgresStore(config.database_url, SERVICE, pool_size=1)) as store:
        Worker(config.kafka, read_rulebook(), PostgresBreaker(store), health).run()


if __name__ == "__main__":
    main()
