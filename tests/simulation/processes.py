"""The four services as the simulation runs them: the shipped handlers and loops, over parts with points at every call."""

from collections.abc import Callable, Sequence
from functools import cache, partial
from random import Random
from typing import Any, Protocol

from schemas.connection_broken.v1 import ConnectionBroken
from schemas.connection_changed.v1 import ConnectionChanged
from schemas.contact_described.v1 import ContactDescribed
from schemas.hold_lifted.v1 import HoldLifted
from schemas.import_finished.v1 import ImportFinished
from schemas.registry import parked_topic, topic_for, topics_read_by, types_on
from services.classifier.adapters.rulebook import read_rulebook
from services.classifier.domain.nature.rulebook import Rulebook
from services.classifier.handler import Rulebooks
from services.fetcher import handler
from services.fetcher.adapters.collection import PostgresProgress
from services.fetcher.adapters.companies import Companies
from services.fetcher.adapters.connections import ConnectionDesk
from services.fetcher.adapters.lifting import SaidInvoices
from services.fetcher.handler import Collect, ImportEnds, LiftHolds
from services.kernel.errors import Unavailable
from services.kernel.loop import OncePerEvent, consume, relay
from services.kernel.probes import Health
from services.kernel.sealing import Sealer
from services.ledger.adapters.positions import Fenced
from services.ledger.handler import KeepBooks
from services.notifier.handler import Deliver, EndContacts, KeepContact, Letterhead, ReserveLetter, ReserveWarning
from tests.simulation.engine import Loop, Process
from tests.simulation.memory.amazon import MemoryAmazon
from tests.simulation.memory.breaker import MemoryBreaker
from tests.simulation.memory.classifier import MemoryDecisions
from tests.simulation.memory.fetcher_jobs import JobGone, MemoryJobs, Queue, work
from tests.simulation.memory.ledger import MemoryAnnouncements, MemoryBooks
from tests.simulation.memory.ledger_positions import MemoryPositions
from tests.simulation.memory.ledger_schema import MemorySessions
from tests.simulation.memory.notifier import MemoryDesk
from tests.simulation.memory.shelf import MemoryShelf
from tests.simulation.memory.store import MemoryOutbox
from tests.simulation.world import World
from tests.support.reference_classifier import AnswerAll

PASSING = (Unavailable, Fenced, JobGone)  # errors by which a process may end, to be started again
AT_ONCE = (2, handler.AT_ONCE)  # of what the fetcher keeps in one transaction: so that a fault finds many, and as it ships
SEALER = Sealer({"k1": b"1" * 32}, "k1")


class Parts(Protocol):
    """What one process keeps its things in, from its start to its end."""

    def store(self, service: str) -> Any:
        """The service's schema."""
        ...

    def fetched(self) -> Any:
        """The fetcher's schema with points inside, for adapters that have none around them."""
        ...

    def outbox(self, service: str) -> Any:
        """What waits there."""
        ...

    def breaker(self, service: str) -> Any:
        """What stops the service."""
        ...

    def jobs(self) -> Queue:
        """The fetcher's queue."""
        ...

    def book(self) -> tuple[Any, Any, Any]:
        """The ledger's positions, books and announcements."""
        ...

    def desk(self) -> Any:
        """The notifier's."""
        ...

    def decisions(self) -> Any:
        """What people taught the classifier."""
        ...


class InMemory:
    """The parts of the world's twins."""

    def __init__(self, world: World, _: str) -> None:
        """What is in memory needs no name."""
        self._world = world

    def store(self, service: str) -> Any:
        """The world's own."""
        return self._world.stores[service]

    def fetched(self) -> Any:
        """The same: it has a point at each statement."""
        return self._world.fetched.as_postgres()

    def outbox(self, service: str) -> Any:
        """What waits there."""
        return MemoryOutbox(self._world.stores[service])

    def breaker(self, service: str) -> Any:
        """What stops the service."""
        return MemoryBreaker(self._world.stores[service])

    def jobs(self) -> Queue:
        """The fetcher's queue."""
        return LastingJobs(self._world)

    def book(self) -> tuple[Any, Any, Any]:
        """The books are kept on one session and announced on another."""
        own, relays = MemorySessions(self._world.book), MemorySessions(self._world.book)
        positions = MemoryPositions(own)
        books = MemoryBooks(self._world.book, own, positions)
        return self._world.watched("positions", positions), books, MemoryAnnouncements(relays)

    def desk(self) -> Any:
        """The notifier's."""
        return MemoryDesk(self._world.stores["notifier"])

    def decisions(self) -> Any:
        """What people taught the classifier."""
        return MemoryDecisions(self._world.stores["classifier"])


def processes(world: World, random: Random, parts: Callable[[Any, str], Parts] = InMemory) -> list[Process]:
    """One or two processes of every service; how much the fetcher keeps at once is the seed's choice as well."""
    starts: dict[str, Callable[[World, Parts, str], Sequence[Loop]]] = {
        "fetcher": partial(fetcher, random.choice(AT_ONCE)),
        "classifier": classifier,
        "ledger": ledger,
        "notifier": notifier,
    }
    return [
        Process(
            name=f"{service}-{n}",
            start=partial(_start, start, world, parts),
            ended=lambda process: world.vanished(process.identity),
            expire=lambda process: world.expire(process.identity),
            passing=PASSING,
        )
        for service, start in starts.items()
        for n in range(1, random.randint(1, 2) + 1)
    ]


def _start(
    start: Callable[[World, Parts, str], Sequence[Loop]], world: World, parts: Callable[[Any, str], Parts], process: Process
) -> Sequence[Loop]:
    return start(world, parts(world, process.identity), process.identity)


def fetcher(at_once: int, world: World, parts: Parts, name: str) -> Sequence[Loop]:
    """The fetcher without its pages: it collects, listens and announces. Its adapters are always the real ones."""
    store, engine = parts.fetched(), world.engine
    amazon = world.watched("Amazon", MemoryAmazon(world.amazon, engine))
    desk = ConnectionDesk(store, amazon, SEALER, engine)
    progress: Any = world.watched("progress", PostgresProgress(store))
    collect = Collect(progress, desk, MemoryShelf(world.documents), world.amazon, engine, lambda: None, at_once=at_once)
    jobs = parts.jobs()
    listen = OncePerEvent(
        world.watched("fetcher store", parts.store("fetcher")),
        "fetcher",
        parked_topic("fetcher"),
        {ImportFinished: ImportEnds(Companies, engine), HoldLifted: LiftHolds(SaidInvoices, engine)},
        engine,
    )

    stop = engine.ear("fetcher", timed=True)

    def work_off() -> None:
        while not stop.is_set():
            jobs.retry_stalled()
            if not work(jobs, name, collect, engine):
                stop.wait(1.0)

    return [
        work_off,
        _consume(world, parts, name, "fetcher", listen),
        _relay(world, "fetcher", world.watched("fetcher outbox", parts.outbox("fetcher"))),
    ]


def classifier(world: World, parts: Parts, name: str) -> Sequence[Loop]:
    """The classifier's handler in the kernel's loop; its relay announces what people decided."""
    rulebooks = Rulebooks(rulebook(), world.watched("decisions", parts.decisions()))
    return [
        _consume(world, parts, name, "classifier", AnswerAll(world.sender("classifier"), rulebooks, world.engine)),
        _relay(world, "classifier", world.watched("classifier outbox", parts.outbox("classifier"))),
    ]


def ledger(world: World, parts: Parts, name: str) -> Sequence[Loop]:
    """The ledger: it keeps the books and announces them."""
    positions, books, announcements = parts.book()
    keep = KeepBooks(world.watched("books", books), parked_topic("ledger"), world.engine)
    return [
        _consume(world, parts, name, "ledger", keep, positions),
        _relay(world, "ledger", world.watched("announcements", announcements)),
    ]


def notifier(world: World, parts: Parts, name: str) -> Sequence[Loop]:
    """The notifier: it listens, delivers and announces."""
    store = world.watched("notifier store", parts.store("notifier"))
    desk: Any = world.watched("desk", parts.desk())
    once = OncePerEvent(
        store,
        "notifier",
        parked_topic("notifier"),
        {ConnectionChanged: ReserveLetter(desk), ConnectionBroken: ReserveWarning(desk), ContactDescribed: KeepContact(desk)},
        world.engine,
    )
    listen = EndContacts(desk, topic_for("fetcher", ContactDescribed), once)
    letterhead = Letterhead("https://achats.example.org", "example.org")
    deliver = Deliver(desk, world.letters(), SEALER, letterhead, world.engine, lambda: 0)
    return [
        _consume(world, parts, name, "notifier", listen),
        _relay(world, "notifier", world.watched("notifier outbox", parts.outbox("notifier"))),
        partial(deliver.until, _stop(world, "notifier", timed=True), Health(frozenset())),
    ]


class LastingJobs(MemoryJobs):
    """The queue, where a heartbeat lasts until the world notices that the worker is gone."""

    def __init__(self, world: World) -> None:
        super().__init__(world.fetched, world.engine)
        self._world = world

    def beat(self, worker: str) -> None:
        """The worker lives."""
        self._world.beat(worker)


@cache
def rulebook() -> Rulebook:
    """The shipped rulebook."""
    return read_rulebook()


def _consume(world: World, parts: Parts, process: str, service: str, handle: Callable[[Any], None], positions: Any = None) -> Loop:
    topics = topics_read_by(service)
    open_source = partial(world.source, process, f"achats-{service}", topics, positions)
    breaker: Any = world.watched("breaker", parts.breaker(service))
    return partial(consume, open_source, handle, types_on(topics), breaker, Health(frozenset()), _stop(world, service))


def _relay(world: World, service: str, pending: Any) -> Loop:
    return partial(relay, pending, world.sender(service), Health(frozenset()), _stop(world, service), service)


def _stop(world: World, service: str, timed: bool = False) -> Any:
    """Nobody asks a process to stop here; waiting for it is waiting for news of the service's schema."""
    return world.engine.ear(service, timed=timed)
