"""achats-classifier: runs the worker; `achats-classifier migrate` for the deployment's sake: there is nothing to migrate."""

import os
import sys

from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.adapters.worker import Worker
from services.classifier.config import Config
from services.classifier.handler import SERVICE
from services.kernel.log import configure
from services.kernel.probes import Health, serve


def main() -> None:
    """Run until SIGTERM, or say that there are no tables."""
    if sys.argv[1:] == ["migrate"]:
        sys.stdout.write("achats-classifier owns no tables yet: nothing to migrate.\n")
        return
    config = Config.from_env(os.environ)
    configure(SERVICE, config.pretty_log)
    health = Health()
    serve(config.health_port, health.live, health.ready)
    Worker(config.kafka, read_rulebook(), health).run()
