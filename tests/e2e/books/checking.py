"""What must hold of the book and of what it said when the flood is through."""

from collections.abc import Sequence
from typing import Any

from schemas.entry_recorded.v1 import EntryRecorded
from schemas.entry_reversed.v1 import EntryReversed
from schemas.entry_validated.v1 import EntryValidated
from schemas.import_finished.v1 import ImportFinished
from schemas.registry import topic_for, types_on
from services.kernel.envelope import Event, Record, deliver
from services.ledger.handler import SERVICE
from tests.e2e.books.flood import Run
from tests.e2e.books.ground import Ground
from tests.support.reading import everything

# Entries of invoices (reversals apart), with what each owes the supplier.
OWED = """
select e.company_id, e.invoice_id, (select -sum(c) from unnest(e.cents, e.auxiliary) as l (c, a) where a is not null)::int
from ledger.entry as e where not exists (select from ledger.reversal as r where r.entry_id = e.entry_id) order by 1, 2
"""
COUNTS = """
select distinct on (company_id) company_id, recorded, held, parked, duplicates, collected, no_entry + archived
from ledger.run_finished order by company_id, revision desc
"""
BROKEN = {
    "does not balance": "select entry_id from ledger.line group by 1 having sum(debit_cents - credit_cents) <> 0",
    "numbers with a hole": "select company_id, journal, fy from ledger.fate where number is not null group by 1, 2, 3 "
    "having max(number) <> count(*) or min(number) <> 1",
    "dates that go back": "select company_id, number from (select *, lag(validated_on) over (partition by company_id, journal, fy "
    "order by number) as before from ledger.fate where number is not null) as f where validated_on < before",
    "a batch that is not what was sealed": "select batch_id from ledger.chain where digest <> ledger.digest(batch_id)",
    "todo": "(select entry_id from ledger.todo) except (select entry_id from ledger.entry where entry_id not in (select entry_id from "
    "ledger.fate)) union all (select entry_id from ledger.entry where entry_id not in (select entry_id from ledger.fate)) "
    "except (select entry_id from ledger.todo)",
}
IDS = {
    EntryRecorded: "select entry_id::text from ledger.entry where entry_id not in (select entry_id from ledger.reversal)",
    EntryValidated: "select entry_id::text from ledger.fate where number is not null "
    "and entry_id not in (select entry_id from ledger.reversal)",
    EntryReversed: "select reversed::text from ledger.reversal",
}


def check(ground: Ground, runs: Sequence[Run]) -> None:
    """Every document once, to the cent; runs add up; nothing broken in the book; each entry and deed announced, under one id."""
    assert [(run.company, invoice, cents) for run in runs for invoice, cents in sorted(run.gross_cents().items())] == ground.ask(OWED)
    expected = [(run.company, *_counted(run)) for run in runs]
    assert expected == ground.ask(COUNTS)
    for what, query in BROKEN.items():
        assert (what, []) == (what, ground.ask(query))
    _check_said(ground, runs)


def _counted(run: Run) -> tuple[int, ...]:
    counts = run.counts()
    return (counts["recorded"], counts["held"], counts["parked"], counts["duplicates"], run.documents, 0)


def _check_said(ground: Ground, runs: Sequence[Run]) -> None:
    """At least once and under one id; every run is finished in the last thing said of it."""
    topic = topic_for(SERVICE, EntryRecorded)
    events = _events(everything(ground.bootstrap, topic), topic)
    for kind, query in IDS.items():
        ids = {event.data.entry_id: set[str]() for event in events if isinstance(event.data, kind)}
        for event in events:
            if isinstance(event.data, kind):
                ids[event.data.entry_id].add(event.id)
        assert (kind, {entry for (entry,) in ground.ask(query)}) == (kind, ids.keys())
        assert (kind, [1] * len(ids)) == (kind, [len(said) for said in ids.values()])
    finished = {event.data.company_id: event.data.counts for event in events if isinstance(event.data, ImportFinished)}
    assert {run.company: run.counts()["recorded"] for run in runs} == {company: said.recorded for company, said in finished.items()}


def _events(records: Sequence[Record], topic: str) -> list[Event[Any]]:
    """What the records say; each of them must be readable."""
    events = [deliver(record, types_on([topic])).event for record in records]
    assert None not in events
    return [event for event in events if event]
