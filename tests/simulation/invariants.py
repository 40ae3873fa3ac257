"""What must hold when all is at rest, whatever befell: DESIGN's promises about one world, told as sentences when they are broken."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from schemas.collection_finished.v1 import CollectionFinished
from schemas.company_described.v1 import CompanyDescribed
from schemas.connection_changed.v1 import ConnectionChanged
from schemas.contact_described.v1 import ContactDescribed
from schemas.contract import EventData
from schemas.entry_recorded.v1 import EntryRecorded
from schemas.import_finished.v1 import ImportFinished
from schemas.invoice_collected.v1 import InvoiceCollected
from schemas.invoice_described.v1 import InvoiceDescribed
from schemas.notification_sent.v1 import NotificationSent
from schemas.record_parked.v1 import RecordParked
from schemas.registry import parked_topic, topics_read_by, types_on
from schemas.values import RunCounts
from services.kernel.envelope import Event, Place, Record, deliver, run_of
from tests.simulation.memory.purchases import Purchase
from tests.simulation.world import LIVE, SERVICES, SPOILED, World, place_of
from tests.support.kernel import headers

LAST = 1 << 60


class Said:
    """What our services said on the live topics: every record in place, and every event once."""

    def __init__(self, world: World) -> None:
        self.records = [
            (record, deliver(record, types_on([topic])).event)
            for topic in LIVE
            for record in world.broker.records(topic)
            if place_of(record) not in world.strange
        ]
        self._events = {event.id: event for _, event in self.records if event is not None}

    def all[T: EventData](self, kind: type[T]) -> list[Event[T]]:
        """Every event of a kind, in no order."""
        return [event for event in self._events.values() if isinstance(event.data, kind)]


def broken(world: World) -> list[str]:
    """Every promise that is broken, in words."""
    said = Said(world)
    checks = (_nothing_waits, _documents, _entries, _runs, _order, _refused, _once, _announced, _told)
    return [*world.engine.troubles, *(f"{check.__name__[1:]}: {words}" for check in checks for words in check(world, said))]


def _nothing_waits(world: World, _: Said) -> Iterator[str]:
    """Outboxes, jobs and topics are worked off."""
    for service in ("fetcher", "notifier"):
        if waiting := len(world.stores[service].rows["outbox"]):
            yield f"{waiting} messages wait in the outbox of the {service}"
    heads, announced = world.book.rows["chain_head"], world.book.rows["announced"]
    yield from (f"book {book} is announced to {announced[book]} of {head}" for book, head in heads.items() if announced[book] != (head, 0))
    yield from (f"job {job}" for job in world.stores["fetcher"].rows["job"].values())
    for service in SERVICES:
        if world.stores[service].rows["breaker"]:
            yield f"the breaker of the {service} is open"
        for topic in topics_read_by(service):
            yield from _unread(world, service, topic)


def _unread(world: World, service: str, topic: str) -> Iterator[str]:
    own = {(topic, partition): offset for name, partition, offset in world.book.dump().positions if name.endswith(topic)}
    reached = own if service == "ledger" else world.broker.group(f"achats-{service}").committed
    for place in world.broker.places(topic):
        end = len(world.broker.after(place, 0, LAST))
        if reached.get(place, 0) != end:
            yield f"{service} has read {place} to {reached.get(place, 0)} of {end}"


def _documents(world: World, said: Said) -> Iterator[str]:
    """Each document of the truth is collected under one invoice and stands in the book as it must, or is parked with its reason."""
    ids, standing = defaultdict[str, set[tuple[str, str]]](set), dict[str, str]()
    for event in said.all(InvoiceCollected):
        ids[event.data.document.sha256].add((event.data.company_id, event.data.invoice_id))
    for row in world.book.rows["invoice"].values():
        standing[row.version.event.data.document.sha256] = row.version.verdict.outcome.value
    spoiled = {_pdf_of(world.record(place)) for place in world.corrupted}
    for purchase in world.amazon.purchases:
        what = f"{purchase.company_id} {purchase.number}"
        if len(ids[purchase.sha256]) > 1:
            yield f"{what} was collected as {sorted(ids[purchase.sha256])}"
        if purchase.sha256 in standing:
            becomes = {"recorded"} if purchase.sha256 in world.decided else {purchase.outcome}
            if standing[purchase.sha256] not in (becomes | {purchase.outcome} if purchase.sha256 in spoiled else becomes):
                yield f"{what} is {standing[purchase.sha256]}, not {', '.join(becomes)}"
        elif purchase.sha256 not in spoiled:
            yield f"{what} is neither booked nor held nor parked"


def _pdf_of(spoiled: Record) -> str:
    """The SHA-256 of the PDF in a record that arrived changed."""
    return InvoiceCollected.model_validate_json((spoiled.value or b"").removeprefix(SPOILED)).document.sha256


def _entries(world: World, _: Said) -> Iterator[str]:
    """One entry per recorded invoice, balanced, for the amount and the VAT of its PDF."""
    printed = {one.sha256: (one.gross_cents, _deductible(one)) for one in world.amazon.purchases}
    versions = world.book.rows["invoice"].values()
    expected = {row.entry_id: printed[row.version.event.data.document.sha256] for row in versions if row.entry_id}
    entries = world.book.rows["entry"]
    natural = Counter((row.company_id, row.invoice_id) for row in entries.values())
    yield from (f"{key} has {count} entries" for key, count in natural.items() if count > 1)
    for entry_id, row in entries.items():
        booked = _sum(row, "401", "404"), _sum(row, "4456")
        if sum(line.cents for line in row.entry.lines):
            yield f"entry {entry_id} is not balanced"
        if booked != expected.get(entry_id):
            yield f"entry {entry_id} owes {booked} cents with VAT, its PDF says {expected.get(entry_id)}"


def _deductible(purchase: Purchase) -> int:
    """The VAT that its PDF says, in cents; of what is charged wrongly nothing is deducted."""
    return 0 if purchase.sort == "wrongly_charged" else sum(item.vat_cents for item in purchase.items)


def _sum(row: Any, *accounts: str) -> int:
    """Cents on these accounts, whichever side."""
    return abs(sum(line.cents for line in row.entry.lines if line.account.startswith(accounts)))


def _runs(world: World, said: Said) -> Iterator[str]:
    """Every run that began is finished with as many outcomes as it emitted, at every revision; nothing counts as a duplicate."""
    markers = said.all(CollectionFinished)
    runs = len(world.stores["fetcher"].rows["run"])
    if 2 * runs != len(markers):
        yield f"{runs} runs began; {len(markers)} markers, of the fetcher and passed on"
    emitted = {(event.data.company_id, event.data.run_id): event.data.emitted for event in markers}
    finished = dict[tuple[str, str], RunCounts]()
    for event in sorted(said.all(ImportFinished), key=lambda event: event.data.revision):
        key, counts = (event.data.company_id, event.data.run_id), event.data.counts
        finished[key] = counts
        if not counts.collected == _outcomes(counts) == emitted[key]:
            yield f"run {key} emitted {emitted[key]}, revision {event.data.revision} counts {counts}"
    collected = Counter((event.data.company_id, event.run.run_id) for event in said.all(InvoiceCollected) if event.run)
    lost = Counter(run.run_id for run in _never_readable(world))
    for key, n in emitted.items():
        last = finished.get(key)
        if last is None:
            yield f"run {key} of {n} is not finished"
        elif (n, 0, lost[key[1]]) != (collected[key] + lost[key[1]], last.duplicates, last.parked):
            yield f"run {key} of {n} said {collected[key]} and {lost[key[1]]} nobody can read, and counts {last}"


def _outcomes(counts: RunCounts) -> int:
    return counts.recorded + counts.no_entry + counts.archived + counts.held + counts.parked + counts.duplicates


def _never_readable(world: World) -> list[Any]:
    """The places in runs of which every record arrived changed."""
    good = {run_of(record) for record in _of_collected(world) if place_of(record) not in world.corrupted | world.strange}
    return list({run_of(record) for record in _of_collected(world) if place_of(record) in world.corrupted} - good)


def _of_collected(world: World) -> list[Record]:
    return [record for topic in topics_read_by("classifier") for record in world.broker.records(topic)]


def _order(_: World, said: Said) -> Iterator[str]:
    """On each topic the last copies of a stream's events stand in the order they were said: a retried send takes all behind it along."""
    last = dict[tuple[str, bytes, str, int], tuple[int, int]]()
    for record, event in said.records:
        source = headers(record)["ce_source"]
        for stream, n in _place_in_stream(record, event):
            last[record.topic, source, stream, n] = record.partition, record.offset
    streams = defaultdict[tuple[str, bytes, str], list[tuple[int, int]]](list)
    for key in sorted(last):
        streams[key[:3]].append(last[key])
    yield from (f"{stream}: {places}" for stream, places in streams.items() if places != sorted(places))


def _place_in_stream(record: Record, event: Event[Any] | None) -> Iterator[tuple[str, int]]:
    """A run's events by their number, its marker last; descriptions by their version."""
    run = run_of(record)
    if record.topic in topics_read_by("classifier") and run is not None:
        yield run.run_id, LAST if run.seq is None else run.seq
    match event and event.data:
        case InvoiceDescribed() | CompanyDescribed() | ContactDescribed() as data:
            yield data.subject, data.version
        case _:
            pass


def _refused(world: World, _: Said) -> Iterator[str]:
    """Every record that cannot be read is parked byte for byte by each service that reads its topic."""
    for service in SERVICES:
        refused = {
            place for place in world.strange | world.corrupted if place[0] in topics_read_by(service) and _is_bad(world.record(place))
        }
        times = Counter[Place]()
        for record in world.broker.records(parked_topic(service)):
            name, value = record.headers[-1]
            why: dict[str, Any] = json.loads(value or b"")
            times[_origin(why)] += 1
            if name != RecordParked.header_name or _origin(why) not in refused or not _same(world.record(_origin(why)), record):
                yield f"{service} parked {_origin(why)}, which is not what stands there"
        yield from (f"{service} parked {place} {times[place]} times" for place in refused if times[place] < 1)


def _once(world: World, said: Said) -> Iterator[str]:
    """What was put into an outbox is as many different things: nothing is said, and no record parked, a second time anew."""
    for service in ("fetcher", "notifier"):
        put = sum(world.stores[service].rows["outbox_head"].values())
        ids = {headers(record)["ce_id"] for record, _ in said.records if headers(record)["ce_source"] == f"/achats/{service}".encode()}
        parked = {_origin(json.loads(record.headers[-1][1] or b"")) for record in world.broker.records(parked_topic(service))}
        if put != len(ids) + len(parked):
            yield f"the {service} put {put} messages into its outbox: {len(ids)} events and {len(parked)} refused records"


def _origin(why: dict[str, Any]) -> Place:
    return why["topic"], why["partition"], why["offset"]


def _is_bad(record: Record) -> bool:
    return deliver(record, types_on([record.topic])).refusal is not None


def _same(record: Record, parked: Record) -> bool:
    return (record.key, record.value, record.headers) == (parked.key, parked.value, parked.headers[:-1])


def _announced(world: World, said: Said) -> Iterator[str]:
    """Other teams hear of every entry, once, and last of every invoice's latest version."""
    entries = sorted(str(entry_id) for entry_id in world.book.rows["entry"])
    heard = sorted(event.data.entry_id for event in said.all(EntryRecorded))
    if entries != heard:
        yield f"entries {entries}, announced {heard}"
    latest = {(company, invoice): version for company, invoice, version, *_ in world.book.dump().versions}
    described = defaultdict[tuple[str, str], int](int)
    for event in said.all(InvoiceDescribed):
        key = event.data.company_id, event.data.invoice_id
        described[key] = max(described[key], event.data.version)
    if latest != described:
        yield f"invoices stand at {latest}, described at {dict(described)}"


def _told(world: World, said: Said) -> Iterator[str]:
    """Each connection becomes active once, and its person is told once; twice only under one Message-ID, and that is written down."""
    active = Counter(event.data.connection_id for event in said.all(ConnectionChanged) if event.data.to_state == "active")
    if sorted(active) != sorted(world.connections) or set(active.values()) - {1}:
        yield f"connections {world.connections}, became active {dict(active)}"
    rows = {row.company_id: row for row in world.stores["notifier"].rows["notification"].values()}
    sent = Counter(event.data.company_id for event in said.all(NotificationSent))
    for company in world.companies:
        letters = [letter for letter in world.post.delivered if letter.address == company.email]
        row = rows.get(company.company_id)
        if row is None or row.state != "sent" or sent[company.company_id] != 1:
            yield f"{company.company_id}: {row and row.state}, announced {sent[company.company_id]} times"
        elif not letters or len({letter.message_id for letter in letters}) > 1 or len(letters) > 1 + row.unclear_attempts:
            yield f"{company.company_id} got {len(letters)} letters after {row.unclear_attempts} unclear attempts"
