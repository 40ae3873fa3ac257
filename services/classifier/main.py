"""`achats-classifier` runs the worker; `… migrate`, which every service has, says that it owns no tables yet."""

import os
import sys

from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.adapters.worker import Worker
from services.classifier.config import Config
from services.classifier.handler import SERVICE
from services.kernel.log import configure
from services.kernel.probes import Health, serve


def main() -> None:
    """The command."""
    match sys.argv[1:]:
        case ["migrate"]:
            sys.stdout.write("achats-classifier owns no tables yet: nothing to migrate.\n")
        case []:
            work(Config.from_env(os.environ))
        case _:
            sys.exit(__doc__)


def work(config: Config) -> None:
    """Classify until SIGTERM."""
    configure(SERVICE, config.pretty_log)
    health = Health(frozenset({"worker"}))
    serve(config.health_port, health)
    Worker(config.kafka, read_rulebook(), health).run()


if __name__ == "__main__":
    main()
