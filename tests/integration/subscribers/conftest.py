"""One Kafka with access control for this folder."""

from collections.abc import Generator

import pytest

from tests.support.guarded import Guarded, guarded_kafka


@pytest.fixture(scope="package")
def guarded() -> Generator[Guarded]:
    """Real, local, with every topic and the rights of the committed subscribers."""
    with guarded_kafka() as broker:
        yield broker
