"""The bench of this folder: a broker of its own for all its tests."""

from collections.abc import Generator
from pathlib import Path

import pytest

from deploy.local.folders import temporary_data_folder
from deploy.local.kafka import Kafka, warm_coordinator
from tests.integration.classifier.bench import CLASSIFIED, COLLECTED, PARKED, Bench


@pytest.fixture(scope="package")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Generator[Bench]:
    """A local Kafka, whatever BROKER says: these tests kill it."""
    logs: Path = tmp_path_factory.mktemp("classifier")
    with temporary_data_folder("achats-classifier-") as data, Kafka(data) as kafka:
        made = Bench(kafka, logs)
        made.make_topics(COLLECTED, CLASSIFIED, PARKED)
        warm_coordinator(kafka.bootstrap)
        yield made
