"""One deployment for all faults that leave it standing, and the book that an undisturbed import makes there."""

from collections.abc import Generator

import pytest

from tests.e2e.faults.ground import Ground, ground


@pytest.fixture(scope="package")
def shared() -> Generator[Ground]:
    """Two of each service around one broker."""
    with ground() as standing:
        yield standing


@pytest.fixture(scope="package")
def undisturbed(shared: Ground) -> str:
    """The hash of the book after an import that nothing disturbed, and that is right itself."""
    calm = shared.connected("calm")
    calm.until(lambda: calm.told, "the person told")
    digest = calm.digest
    shared.check(calm, undisturbed=digest)
    return digest
