"""`make bench-classifier`: documents a core classifies in a second, decoding and encoding apart, memory, and what the worker does.

The pure part needs no server; the worker runs as it ships, on a real Kafka and PostgreSQL of its own, one process. ARGS=documents.
"""

import gc
import itertools
import platform
import resource
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy.local.folders import temporary_data_folder
from deploy.local.kafka import Kafka, warm_coordinator
from schemas.invoice_collected.v1 import InvoiceCollected
from schemas.registry import topics_read_by, types_on
from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.domain.classification import classify
from services.classifier.handler import DECISIONS, SERVICE, answer
from services.classifier.main import MIGRATIONS
from services.kernel.envelope import Delivery, Event, Outgoing, Record, deliver
from services.kernel.migrate import migrate
from tests.integration.classifier.bench import CLASSIFIED, COLLECTED, PARKED, Bench, published, wait_until
from tests.support.collected import collected, evidence, line, silent_charge, stated, vat
from tests.support.local import new_database, session_postgres
from tests.support.titles import titles

LINES, SAMPLE, MILLION, STEP = 2, 20_000, 1_000_000, 100_000
NOW = "2026-03-11T05:00:00.000000Z"
TITLES = [one.title for one in titles()]
RULEBOOK = read_rulebook()


def documents(first: int, count: int, companies: int = 240) -> Sequence[InvoiceCollected]:
    """Invoices of two lines with a UNSPSC code each; every title is new, by a number that a real one would have."""
    return [_document(number, f"co-{number % companies}") for number in range(first, first + count)]


def _document(number: int, company: str) -> InvoiceCollected:
    labels = [f"{TITLES[(number * LINES + place) % len(TITLES)]} {number}-{place}" for place in range(LINES)]
    lines = [line(label, 20_00 + place) for place, label in enumerate(labels)]
    net = sum(one.net_cents for one in lines)
    charges = [silent_charge(label, unspsc="44121618") for label in labels]
    said = evidence(lines, (vat("20", net, round(net / 5)),))
    return collected(said, stated(charges), company_id=company, invoice_id=f"inv-{number}")


def a_second(work: Callable[[], object], count: int) -> str:
    """How often the processor did the work in a second: its time in this process, whatever else runs."""
    gc.collect()
    gc.freeze()  # the sample is ours, not the classifier's: it should not be looked through again and again
    before = time.process_time()
    work()
    each = (time.process_time() - before) / count
    return f"{1 / each:>8,.0f} a second  {each * 1e6:>6.0f} µs"


def record(outgoing: Outgoing) -> Record:
    """A record as the broker gives it."""
    return Record(outgoing.topic, 0, 0, 0, outgoing.key, outgoing.value, outgoing.headers)


def pure() -> None:
    """Classify alone; then with decoding, and with decoding and encoding."""
    sample = documents(0, SAMPLE)
    for one in sample[:1_000]:
        classify(one, RULEBOOK)
    print(f"classify              {a_second(lambda: [classify(one, RULEBOOK) for one in sample], SAMPLE)}")
    bought_again = [one for _ in range(SAMPLE // 1_000) for one in sample[:1_000]]
    print(f"  titles known        {a_second(lambda: [classify(one, RULEBOOK) for one in bought_again], SAMPLE)}")
    records, types = [record(one) for one in published(sample)], types_on(topics_read_by(SERVICE))
    print(f"decode                {a_second(lambda: [deliver(one, types) for one in records], SAMPLE)}")
    events = [deliver(one, types) for one in records]
    print(f"classify and encode   {a_second(lambda: [answered(one) for one in events], SAMPLE)}")
    print(f"all three             {a_second(lambda: [answered(deliver(one, types)) for one in records], SAMPLE)}")


def answered(delivery: Delivery) -> tuple[Outgoing, ...]:
    """What the handler says."""
    assert isinstance(delivery.event, Event)
    return answer(delivery, RULEBOOK, NOW)


def memory() -> None:
    """A million documents, each with titles of its own, made as they are classified: the resident size, ten times."""
    sizes = list[int]()
    for first in range(0, MILLION, STEP):
        for start in range(first, first + STEP, 1_000):
            for one in documents(start, 1_000):
                classify(one, RULEBOOK)
        sizes.append(_resident_megabytes())
    print(f"memory over {MILLION:,} documents, MB after each {STEP:,}: {' '.join(map(str, sizes))}")


def _resident_megabytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * resource.getpagesize() // 1_048_576


def worker(count: int) -> None:
    """One process that ships, on a real Kafka and PostgreSQL: from the first answer to the last, and its processor time."""
    with (
        temporary_data_folder("bench-classifier-") as data,
        Kafka(data) as kafka,
        session_postgres() as database,
        new_database(database) as url,
        TemporaryDirectory() as logs,
    ):
        migrate(url, SERVICE, MIGRATIONS, with_outbox=True)
        bench = Bench(kafka, url, Path(logs))
        bench.make_topics(COLLECTED, CLASSIFIED, PARKED, DECISIONS)
        warm_coordinator(kafka.bootstrap)
        for batch in batches(published(documents(0, count)), 500):
            bench.publish(*batch)
        with bench.worker() as process:
            process.wait_ready()
            done, began, spent = _counted(process.ask), time.monotonic(), _processor(process.process.pid)
            wait_until("all are answered", lambda: _counted(process.ask) >= count, patience=600)
            seconds, used = time.monotonic() - began, _processor(process.process.pid) - spent
    answers = count - done
    rate, cost = answers / seconds, used / answers * 1e6
    print(f"worker                {rate:>8,.0f} a second  {cost:>6.0f} µs of its processor, {answers} documents")


def batches(records: Sequence[Outgoing], size: int) -> Iterator[tuple[Outgoing, ...]]:
    """The records, some at a time."""
    return itertools.batched(records, size)


def _counted(ask: Callable[[str], str]) -> int:
    lines = [row for row in ask("/metrics").splitlines() if row.startswith('achats_records_total{service="classifier"}')]
    return int(float(lines[0].split()[-1])) if lines else 0


def _processor(pid: int) -> float:
    """Seconds of processor time the process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


def main() -> None:
    """The whole bench; ARGS is how many documents the worker gets."""
    load = Path("/proc/loadavg").read_text(encoding="utf-8").split()[0]
    print(f"{platform.python_version()}, {platform.machine()}, load {load}; invoices of {LINES} lines, rulebook {RULEBOOK.version}")
    pure()
    memory()
    worker(int(sys.argv[1]) if len(sys.argv) > 1 else SAMPLE)


if __name__ == "__main__":
    main()
