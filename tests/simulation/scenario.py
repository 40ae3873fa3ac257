"""What happens in a simulated world apart from faults: two companies connect and import, and a day later import what came late."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from services.fetcher.adapters.connections import ConnectionDesk
from services.fetcher.domain.company import CompanyFile
from tests.simulation.engine import EPOCH, Engine, Loop, Process
from tests.simulation.faults import Schedule
from tests.simulation.invariants import broken
from tests.simulation.memory.amazon import AmazonWorld, MemoryAmazon
from tests.simulation.processes import SEALER, InMemory, Parts, processes
from tests.simulation.world import World
from tests.support.connected import company_file, connect

NAMES, DOCUMENTS = ("ada", "eva"), 4
A_DAY_SECONDS = 30 * 3600.0


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
    world.engine.add(Process("the next day", lambda _: _next_day(world.engine, desk), _nothing, _nothing, ()))
    world.engine.run()
    world.engine.restart()
    world.engine.run()


def _next_day(engine: Engine, desk: ConnectionDesk) -> Sequence[Loop]:
    def loop() -> None:
        if engine.seconds < A_DAY_SECONDS:
            engine.sleep(A_DAY_SECONDS)
            desk.start_due_runs()
        while not engine.is_set():
            engine.wait(1.0)

    return [loop]


def _nothing(_: Process) -> None:
    """The world does not miss this process."""
