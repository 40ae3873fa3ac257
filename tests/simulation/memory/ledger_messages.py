"""What the in-memory book's batches say, built from their rows by the real functions."""

from dataclasses import replace
from operator import itemgetter

from pydantic import ValidationError

from services.kernel.envelope import Outgoing
from services.kernel.errors import Refused, TooLarge
from services.ledger.adapters.rows import finished_message, following_message, version_messages
from tests.simulation.memory.ledger_rows import BatchRow, InvoiceRow, ParkedRow, rows_of
from tests.simulation.memory.store import MemorySession

type Batch = tuple[int, list[Outgoing]]  # place in the book, messages


def messages_of(session: MemorySession, batch: BatchRow) -> list[Outgoing]:
    """What a batch has to say: its records in their order, then the runs it finished."""
    said = _versions(session, batch)
    parked: list[ParkedRow] = [row for row in rows_of(session, "parked_record").values() if row.batch == batch]
    said += [(row.offset, [row.message]) for row in parked]
    said.sort(key=lambda pair: pair[0])
    markers = rows_of(session, "run_marker")
    finished = [
        finished_message(row.said(markers[key[:2]].event), batch.recorded_at)
        for key, row in sorted(rows_of(session, "run_finished").items(), key=itemgetter(0))
        if row.batch_id == batch.batch_id
    ]
    return [message for _, messages in said for message in messages] + finished


def waiting(session: MemorySession, book: int, places: range, limit: int) -> list[Batch]:
    """The batches at these places, until they hold `limit` messages."""
    batches, count = list[Batch](), 0
    for seq in places:
        batches.append((seq, messages_of(session, session.table("chain")[book, seq])))
        count += len(batches[-1][1])
        if count >= limit:
            break
    return batches


def _versions(session: MemorySession, batch: BatchRow) -> list[tuple[int, list[Outgoing]]]:
    entries = rows_of(session, "entry")
    rows: list[InvoiceRow] = [row for row in rows_of(session, "invoice").values() if row.batch_id == batch.batch_id]
    said = [(row.version.offset, version_messages(row.said(entries.get(row.entry_id)), batch.recorded_at)) for row in rows]
    booked = {row.entry_id: row for row in rows if row.version.verdict.entry}
    for entry_id, principal in rows_of(session, "later_entry").items():
        if row := booked.get(principal):
            following = replace(row, entry_id=entry_id).said(entries[entry_id])
            said.append((row.version.offset, [following_message(replace(following, follows=principal), batch.recorded_at)]))
    return said


def ensure_sayable(session: MemorySession, batch: BatchRow) -> None:
    """Build what a batch will say, before it is sealed for ever. Raises Refused: its contracts do not take it."""
    try:
        _versions(session, batch)
    except (ValidationError, TooLarge) as unsayable:
        raise Refused("it cannot be announced", str(unsayable).splitlines()[0]) from unsayable
