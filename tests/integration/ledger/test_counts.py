"""The fetcher's counts on a real topic, and the two daily commands as a scheduler runs them."""

import uuid
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from schemas.emissions_counted.v1 import EmissionsCounted
from services.fetcher.adapters.announcing import outgoing
from services.fetcher.domain.auditing import Emission, counted_by_day
from services.kernel.kafka import KafkaSender
from services.ledger.adapters.daily.counts import counts_since
from tests.integration.ledger.shelf import Shelf, event
from tests.integration.ledger.test_fec import command
from tests.integration.ledger.test_runs import marker
from tests.unit.ledger.documents import invoice

NOW = datetime.now(UTC)
DAY = date(2026, 3, 10)


def count(company: str, numbers: int, day: date = DAY) -> EmissionsCounted:
    """So many documents of the company's run R-1."""
    (counted,) = counted_by_day(company, [Emission(day, "R-1", n, f"I-{n}", 1) for n in range(1, numbers + 1)])
    return counted


def said(bootstrap: str, *counts: EmissionsCounted) -> None:
    """The fetcher says them."""
    assert len(counts) == KafkaSender(bootstrap, "test").send([outgoing(one, one.count, NOW) for one in counts])


def test_the_highest_count_of_each_day_is_read_to_the_end_of_the_topic(bootstrap: str):
    """Two counts of a day, one of another, the lower one repeated; nothing that was said before; nothing after now."""
    company = f"C-{uuid.uuid4().hex[:8]}"
    said(bootstrap, count(company, 2), count(company, 3), count(company, 1, date(2026, 3, 11)), count(company, 2))
    found = [one for one in counts_since(bootstrap, NOW - timedelta(minutes=5)) if one.data.company_id == company]
    assert [(DAY, 3), (date(2026, 3, 11), 1)] == [(one.data.day, one.data.count) for one in found]
    assert all(NOW - timedelta(minutes=5) < one.at < NOW + timedelta(hours=1) for one in found)
    assert [] == counts_since(bootstrap, NOW + timedelta(hours=1))


def test_the_commands_of_the_day(shelf: Shelf, bootstrap: str, tmp_path: Path):
    """Equal: status 0; a loss: status 1 and its number; the heads; without a broker or a store: a sentence and status 2."""
    company = f"C-{uuid.uuid4().hex[:8]}"
    shelf.receive(event(invoice(company_id=company, invoice_id="I-1"), run=("R-1", 1)), marker(1, "R-1", company))
    places = {
        "ACHATS_LEDGER_DATABASE_URL": shelf.url,
        "ACHATS_KAFKA": bootstrap,
        "ACHATS_LEDGER_HEADS_URL": (tmp_path / "heads").as_uri(),
    }
    said(bootstrap, count(company, 1))
    equal = command("reconcile", "--day", "2026-03-10", **places)
    assert f"{company} au 10/03/2026 : 1 annoncés, 1 dans le livre, contenu identique.\n" in equal.stdout, equal.stderr
    said(bootstrap, count(company, 2))
    lost = command("reconcile", **places)
    assert (1, True) == (lost.returncode, f"{company} au 10/03/2026 : 2 annoncés, 1 dans le livre, MANQUENT 1 : R-1 n° 2" in lost.stdout)
    noted = command("heads", **places)
    assert (0, True) == (noted.returncode, noted.stdout.startswith("Livre 3 au ")), noted.stderr
    assert 1 == command("heads", "--day", "2020-01-01", **places).returncode
    (tmp_path / "file").write_bytes(b"")
    refused = command("heads", **{**places, "ACHATS_LEDGER_HEADS_URL": (tmp_path / "file").as_uri()})
    assert (2, True, 1) == (refused.returncode, refused.stderr.startswith("An outside part does not answer"), refused.stderr.count("\n"))
