"""The simulator gives up root before it answers: whatever it needs later it must have loaded, for the home it came from may be closed."""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from fpdf import FPDF

from deploy.local.amazon.process import AmazonSimulator, Ports
from services.fetcher.adapters.announcing import SERVICE
from services.fetcher.main import MIGRATIONS
from services.kernel.migrate import migrate
from tests.integration.fetcher.place import new_place

type Options = dict[str, str | int | Path | None]


class ClosedHome(AmazonSimulator):
    """It imports nothing more once it serves."""

    def __init__(self, folder: Path, ports: Ports, options: Options) -> None:
        super().__init__(folder, ports, options)
        self._command = [sys.executable, "-m", "tests.integration.fetcher.closed_home", *self._command[3:]]


@contextmanager
def started(folder: Path, options: Options) -> Generator[ClosedHome]:
    """A simulator of its own."""
    simulator = ClosedHome(folder, Ports(), options)
    simulator.start()
    yield simulator
    simulator.stop()


def documents(folder: Path) -> Path:
    """A folder with one PDF."""
    page = FPDF()
    page.add_page()
    shelf = folder / "pdfs"
    shelf.mkdir()
    (shelf / "a.pdf").write_bytes(bytes(page.output()))
    return shelf


@pytest.mark.parametrize("trouble", ["calm", "daily", "harsh"])
def test_every_document_is_drawn_behind_closed_doors(trouble: str, tmp_path: Path) -> None:
    """Goal: a checkout below /root works like any other. Case: the truth, for which each PDF is drawn: scans, passwords, Factur-X."""
    with started(tmp_path, {"invoices": 60, "trouble": trouble}) as simulator:
        answer = httpx.get(f"{simulator.control_url}/truth", timeout=60)
        assert 200 == answer.status_code, (tmp_path / "amazon.log").read_text()
        assert 60 <= len({one["sha256"] for one in answer.json()["documents"]})


def test_a_folder_of_documents_is_served_behind_closed_doors(tmp_path: Path) -> None:
    """The PDFs are read, with the XML library, before the rights are gone."""
    with started(tmp_path, {"documents": documents(tmp_path)}) as simulator:
        assert 1 == len(httpx.get(f"{simulator.control_url}/truth").json()["documents"])


def test_an_account_is_imported_behind_closed_doors(database_url: str, tmp_path: Path) -> None:
    """Consent, tokens, every call of a run, downloads."""
    migrate(database_url, SERVICE, MIGRATIONS, with_outbox=True)
    place = new_place(database_url, tmp_path, simulated=ClosedHome)
    place.open_doors()
    place.connect_and_collect()
    assert 16 == len(place.said("invoice.collected")), (tmp_path / "amazon.log").read_text()
    place.close()
    place.simulator.stop()
