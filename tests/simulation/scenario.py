"""What happens in a simulated world apart from faults: two companies connect and import, and a day later import what came late.

On that day a person lifts the holds that may be lifted.
"""

from collections.abc import Callable, Sequence
from datetime import timedelta
from random import Random
from typing import Any

from services.fetcher.adapters.agenda import Agenda
from services.fetcher.adapters.connections import ConnectionDesk
from services.fetcher.domain.company import CompanyFile
from services.kernel.errors import Unavailable
from services.kernel.postgres import PostgresStore
from tests.simulation.engine import EPOCH, Engine, Loop, Process
from tests.simulation.faults import Schedule
from tests.simulation.invariants import broken
from tests.simulation.memory.amazon import AmazonWorld, MemoryAmazon
from tests.simulation.people import Accountant
from tests.simulation.processes import SEALER, InMemory, Parts, processes
from tests.simulation.world import World
from tests.support.connected import company_file, connect

NAMES, DOCUMENTS = ("ada", "eva"), 4
A_DAY_SECONDS, TWO_DAYS_SECONDS, RETRY_SECONDS = 30 * 3600.0, 55 * 3600.0, 60.0


def made_up(schedule: Schedule) -> tuple[list[CompanyFile], AmazonWorld]:
    """The companies of a seed and what they bought."""
    companies = [company_file(name, EPOCH) for name in NAMES]
    return companies, AmazonWorld.made_up(Random(f"purchases {schedule.seed}"), companies, EPOCH, DOCUMENTS)


def played(schedule: Schedule) -> list[str]:
    """Play the schedule to its rest; the promises that are broken then."""
    world = World(schedule, *made_up(schedule))
    try:
        play(world, schedule.seed)
        return broken(world)
    finally:
        world.engine.end()


def play(world: World, seed: int, parts: Callable[[Any, str], Parts] = InMemory) -> None:
    """Two days to their rest, a start of every process anew, and rest again. Raises Restless."""
    amazon = MemoryAmazon(world.amazon, world.engine).as_amazon()
    store = parts(world, "the companies").fetched()
    world.connections = [connect(company, store, amazon, SEALER, world.engine) for company in world.companies]
    desk = ConnectionDesk(store, amazon, SEALER, world.engine)
    for process in processes(world, Random(f"processes {seed}"), parts):
        world.engine.add(process)
    accountant = Accountant(world, store, parts(world, "the accountant").store("classifier"))
    world.engine.add(Process("the next day", lambda _: _next_day(world.engine, desk, store, accountant), _nothing, _nothing, ()))
    world.engine.run()
    world.engine.restart()
    world.engine.run()


def _next_day(engine: Engine, desk: ConnectionDesk, store: PostgresStore, accountant: Accountant) -> Sequence[Loop]:
    done = engine.ear()

    def loop() -> None:
        if engine.seconds < A_DAY_SECONDS:
            engine.sleep(A_DAY_SECONDS)
        while engine.seconds < TWO_DAYS_SECONDS:
            engine.sleep(_until_more_is_due(engine, desk, store, accountant))
        while not done.is_set():
            done.wait(1.0)

    return [loop]


def _until_more_is_due(engine: Engine, desk: ConnectionDesk, store: PostgresStore, accountant: Accountant) -> float:
    """Start what is due and decide about what is held; the seconds until somebody must look again."""
    try:
        accountant.decide()
        desk.start_due_runs()
        with store.transaction() as transaction:
            following = Agenda(transaction).due(engine.now() + timedelta(days=1), 1)
    except Unavailable:
        return RETRY_SECONDS
    return max(0.0, (following[0].due_at - engine.now()).total_seconds()) + 1.0


def _nothing(_: Process) -> None:
    """The world does not miss this process."""
