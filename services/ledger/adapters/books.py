"""The book in PostgreSQL: one transaction per page, rows by COPY, everything checked at its commit."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any

from psycopg import Connection, DatabaseError, OperationalError
from psycopg.errors import UniqueViolation

from services.kernel.errors import Refused, Unavailable
from services.kernel.postgres import PostgresStore
from services.ledger.adapters.announcements import ensure_sayable
from services.ledger.adapters.positions import FENCED, QUERIES, Fenced, PostgresPositions, Tenure
from services.ledger.adapters.suppliers import known_suppliers, mergers_of, note_mergers, note_suppliers
from services.ledger.domain.crediting import NumberKey
from services.ledger.domain.facts import Facts, facts_json
from services.ledger.domain.originals import Original
from services.ledger.domain.posting import Entry, Line
from services.ledger.domain.standing import Document, FiscalYear, Standing
from services.ledger.domain.suppliers import Mergers
from services.ledger.handler import InvoiceKey, Late, Outrun, Page, PdfKey, SupplierKey, Version

CONTENT_REFUSED, MERGED_MEANWHILE = "LG002", "LG004"
VERSIONS_KEY = "invoice_company_id_invoice_id_version_key"
PLACE_BITS = 20  # entry id = batch id << 20 | place in the batch


class PostgresBooks:
    """The handler's `Books`. `store` and `positions` share one connection."""

    def __init__(self, store: PostgresStore, positions: PostgresPositions) -> None:
        """Writes as the role `ledger_consumer`."""
        self._store, self._positions = store, positions

    def position(self, topic: str, partition: int) -> int | None:
        """The offset of the first record that is not in the book; None when the partition is not ours. Raises Fenced."""
        tenure = self._positions.tenure(topic, partition)
        return None if tenure is None else tenure.next_offset

    def standing(self, keys: Collection[InvoiceKey]) -> Mapping[InvoiceKey, Standing]:
        """What the book says of these invoices."""
        ordered = sorted(keys)
        if not ordered:
            return {}
        with self._store.connection() as connection:
            rows = list(QUERIES.standings(connection, companies=[key[0] for key in ordered], invoices=[key[1] for key in ordered]))
        return {(company, invoice): _standing(row) for company, invoice, *row in rows}

    def bearers(self, pdfs: Collection[PdfKey]) -> Mapping[PdfKey, str]:
        """The invoice that first brought each of these PDFs."""
        ordered = sorted(pdfs)
        if not ordered:
            return {}
        with self._store.connection() as connection:
            rows = list(QUERIES.first_bearers(connection, companies=[key[0] for key in ordered], hashes=[key[1] for key in ordered]))
        return {(company, sha256): invoice for company, sha256, invoice in rows}

    def fiscal_years(self, companies: Collection[str]) -> Mapping[str, Sequence[FiscalYear]]:
        """The fiscal years of these companies."""
        if not companies:
            return {}
        with self._store.connection() as connection:
            rows = list(QUERIES.fiscal_years(connection, companies=sorted(companies)))
        return {company: [FiscalYear(*dates) for _, *dates in group] for company, group in groupby(rows, key=lambda row: row[0])}

    def originals(self, numbers: Collection[NumberKey]) -> Mapping[NumberKey, Sequence[Original]]:
        """The invoices and receipts with these numbers whose entry stands."""
        ordered = sorted(numbers)
        if not ordered:
            return {}
        with self._store.connection() as connection:
            rows = list(QUERIES.originals(connection, companies=[key[0] for key in ordered], numbers=[key[1] for key in ordered]))
        return {key: [_original(row[2:]) for row in group] for key, group in groupby(rows, key=lambda row: (row[0], row[1]))}

    def mergers(self, companies: Collection[str]) -> Mapping[str, Mergers]:
        """Which suppliers of these companies became another one."""
        if not companies:
            return {}
        with self._store.connection() as connection:
            return mergers_of(connection, sorted(companies))

    def suppliers(self, keys: Collection[SupplierKey]) -> Collection[SupplierKey]:
        """Those of these suppliers that the book knows."""
        if not keys:
            return ()
        with self._store.connection() as connection:
            return known_suppliers(connection, sorted(keys))

    def record(self, page: Page) -> None:
        """Write the page and move the position. Raises Refused or Outrun (nothing is written), Fenced (another owns the partition)."""
        tenure = self._positions.tenure(page.topic, page.partition)
        if tenure is None:
            raise Fenced(page.partition)
        try:
            with self._store.connection() as connection:
                _write(connection, page, tenure)
        except Unavailable:
            tenure.session = 0  # whether it was committed is for the database to say
            raise
        except Refused as refusal:
            if isinstance(refusal.__cause__, UniqueViolation) and refusal.__cause__.diag.constraint_name == VERSIONS_KEY:
                raise Outrun(*refusal.args) from refusal.__cause__
            raise
        except DatabaseError as error:
            refusal = _refusal(error, page.partition)
            if refusal is None:
                raise
            raise refusal from error
        tenure.next_offset = page.next_offset


def _refusal(error: DatabaseError, partition: int) -> Fenced | Refused | None:
    """What the database means: we are fenced, a supplier became another one, the content is poison, or (None) it is a bug."""
    if error.sqlstate == FENCED:
        return Fenced(partition)
    if error.sqlstate == MERGED_MEANWHILE:
        return Outrun(str(error).splitlines()[0])
    if error.sqlstate == CONTENT_REFUSED:
        return Refused(str(error).splitlines()[0])
    return None


def _write(connection: Connection, page: Page, tenure: Tenure) -> None:
    """Everything of the page, the batch first: it is checked when the transaction commits. Raises Refused: it could not be announced."""
    if connection.info.backend_pid != tenure.session:
        raise OperationalError("the database session changed")
    entries = page.entries
    _open(connection, page, entries)
    batch_id: int = QUERIES.open_batch(
        connection,
        n=len(entries),
        topic_id=tenure.topic_id,
        partition=page.partition,
        epoch=tenure.epoch,
        from_offset=tenure.next_offset,
        next_offset=page.next_offset,
    )
    ids = {id(entry): batch_id << PLACE_BITS | place for place, (_, entry) in enumerate(entries)}
    _copy(connection, QUERIES.copy_entries.sql, (_entry_row(ids[id(entry)], version.event.data, entry) for version, entry in entries))
    if following := [(ids[id(entry.later)], batch_id, ids[id(entry)]) for _, entry in entries if entry.later]:
        _copy(connection, QUERIES.copy_following.sql, following)
    _copy(connection, QUERIES.copy_versions.sql, (_version_row(batch_id, ids, version) for version in page.versions))
    note_suppliers(connection, batch_id, [version.event.data for version in page.versions])
    note_mergers(connection, batch_id, page.mergers)
    for late in page.overtaken:
        QUERIES.note_overtaken(connection, batch_id=batch_id, **_late_row(late))
    _note_run(connection, batch_id, page)
    for offset, message in page.parked:
        names, values = [name for name, _ in message.headers], [value for _, value in message.headers]
        row = {"topic": message.topic, "key": message.key, "value": message.value, "names": names, "values": values}
        QUERIES.keep_parked(connection, batch_id=batch_id, record_offset=offset, **row)
    ensure_sayable(connection, batch_id)


def _open(connection: Connection, page: Page, entries: Iterable[tuple[Version, Entry]]) -> None:
    """Companies and fiscal years seen for the first time."""
    companies = sorted({version.event.data.company_id for version in page.versions})
    if companies:
        list(QUERIES.open_companies(connection, companies=companies, book=page.partition))
    years = sorted({(version.event.data.company_id, entry.entry_date.year) for version, entry in entries})
    if years:
        list(QUERIES.open_years(connection, companies=[company for company, _ in years], years=[year for _, year in years]))


def _note_run(connection: Connection, batch_id: int, page: Page) -> None:
    """Outcomes and markers of runs. Whether a run is finished is found by the check at commit."""
    if page.outcomes:
        companies, runs, seqs = map(list, zip(*page.outcomes, strict=True))
        kinds = [outcome.value for outcome in page.outcomes.values()]
        noted = {"batch_id": batch_id, "companies": companies, "runs": runs, "seqs": seqs, "kinds": kinds}
        if QUERIES.note_outcomes(connection, **noted) < len(kinds):  # another partition may have parked one meanwhile: look again
            QUERIES.note_outcomes(connection, **noted)
    for event in page.markers:
        said = event.data.model_dump(include={"run_id", "company_id", "connection_id", "kind", "emitted", "window_from", "window_to"})
        waiting = json.dumps([reason.model_dump() for reason in event.data.waiting])
        trace = {"event_id": event.id, "replay_id": event.replay_id, "traceparent": event.traceparent}
        test = event.data.settings.test_environment
        QUERIES.note_marker(connection, batch_id=batch_id, waiting=waiting, test_environment=test, **said, **trace)


def _copy(connection: Connection, statement: str, rows: Iterable[Sequence[object]]) -> None:
    with connection.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        for row in rows:
            copy.write_row(row)


def _entry_row(entry_id: int, document: Document, entry: Entry) -> Sequence[object]:
    columns = zip(*((line.account, line.auxiliary, line.cents, line.vat_rate) for line in entry.lines), strict=True)
    currency = entry.lines[0].currency
    return (
        entry_id,
        document.company_id,
        document.invoice_id,
        document.revision,
        entry.journal,
        entry.entry_date,
        entry.piece_ref,
        entry.piece_date,
        entry.label,
        entry.source_key,
        *map(list, columns),
        currency,
        [line.currency_cents for line in entry.lines] if currency else None,
    )


def _version_row(batch_id: int, ids: Mapping[int, int], version: Version) -> Sequence[object]:
    event, document, standing, hold = version.event, version.event.data, version.standing, version.verdict.hold
    entry_id = ids[id(standing.entry)] if isinstance(standing.entry, Entry) else standing.entry
    return (
        batch_id,
        version.offset,
        document.company_id,
        document.invoice_id,
        standing.version,
        document.revision,
        version.verdict.outcome.value,
        *((hold.stage, hold.reason, hold.sentence, hold.next_action) if hold else (None, None, None, None)),
        entry_id,
        version.verdict.entry is not None,
        standing.posting,
        version.content,
        facts_json(document),
        event.id,
        event.time,
        event.run.run_id if event.run else None,
        event.run.seq if event.run else None,
        event.replay_id,
        event.traceparent,
    )


def _late_row(late: Late) -> dict[str, object]:
    event, document = late.event, late.event.data
    return {
        "record_offset": late.offset,
        "company_id": document.company_id,
        "invoice_id": document.invoice_id,
        "revision": document.revision,
        "highest": late.highest,
        "content": late.content,
        "facts": facts_json(document),
        "event_id": event.id,
        "event_time": event.time,
        "run_id": event.run.run_id if event.run else None,
        "runseq": event.run.seq if event.run else None,
    }


def _standing(row: Sequence[Any]) -> Standing:
    version, revision, events, revisions, contents, entry_id, posting = row
    return Standing(version, revision, frozenset(events), frozenset(zip(revisions, map(bytes, contents), strict=True)), entry_id, posting)


def _original(row: Sequence[Any]) -> Original:
    invoice_id, facts_said, *columns = row
    facts = Facts.model_validate_json(facts_said)
    entry = tuple(Line(*line) for line in zip(*columns, strict=True))
    return Original(invoice_id, facts.supplier, facts.currency, facts.totals, facts.lines, facts.vat, entry)
