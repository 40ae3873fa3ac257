"""The bench of this folder: a broker of its own for all its tests."""

from collections.abc import Generator
from pathlib import Path

import pytest

from deploy.local.folders import temporary_data_folder
from deploy.local.kafka import Kafka, warm_coordinator
from services.classifier.handler import DECISIONS, SERVICE
from services.classifier.main import MIGRATIONS
from services.kernel.migrate import migrate
from tests.integration.classifier.bench import CLASSIFIED, COLLECTED, PARKED, Bench
from tests.support.local import SessionDatabase, new_database


@pytest.fixture(scope="package")
def bench(database: SessionDatabase, tmp_path_factory: pytest.TempPathFactory) -> Generator[Bench]:
    """A local Kafka, whatever BROKER says: these tests kill it; and a database of this folder's own."""
    logs: Path = tmp_path_factory.mktemp("classifier")
    with temporary_data_folder("achats-classifier-") as data, Kafka(data) as kafka, new_database(database) as url:
        migrate(url, SERVICE, MIGRATIONS, with_outbox=True)
        made = Bench(kafka, url, logs)
        made.make_topics(COLLECTED, CLASSIFIED, PARKED, DECISIONS)
        warm_coordinator(kafka.bootstrap)
        yield made
