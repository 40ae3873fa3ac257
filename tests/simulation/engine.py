"""One thread, many processes: at every point of every process a seed decides who goes on, and what befalls whom."""

import heapq
import itertools
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from greenlet import getcurrent, greenlet

from tests.simulation.faults import Fault, Kind, Schedule

type Loop = Callable[[], None]

ANYTHING = "anything"  # news that everybody hears
EPOCH = datetime(2026, 3, 2, 8, tzinfo=UTC)
POINT_SECONDS = 0.001  # virtual time that passes from one point to the next
SESSION_SECONDS = 6.0  # after which the broker gives a silent member's partitions away
BUSY_STEPS = 30  # after news: while points are counted
QUIET_SECONDS = 1.0  # virtual time that is not passed over while something is on its way in real time
STRETCH, LONGEST_WAIT_SECONDS = 8.0, 3600.0  # how much longer each look in vain makes the next wait, where time alone may bring something
MOST_STRETCHES = 10  # after which every wait is the longest
NEVER = math.inf
MOST_STEPS, MOST_TROUBLES = 100_000, 50


class Killed(BaseException):
    """The process was killed here: nothing behind this point happened."""


class Restless(Exception):
    """The system does not come to rest: something is done again and again."""


@dataclass(eq=False, slots=True)
class Task:
    """One loop of a process."""

    process: "Process"
    thread: greenlet
    wakes_at: float = 0.0
    ear: "Ear | None" = None  # what it waits with; none while it is busy or sleeps
    failure: Exception | None = None


class Ear:
    """A loop's `stop`, which never comes. Waiting with it ends at news of what the loop works on.

    When there was news during the look, the next comes after the time that the loop asks for. Otherwise only news ends the wait; or time,
    ever more seldom, where time alone may bring something to do. A fault is news to everybody, so what failed is done again.
    """

    def __init__(self, engine: "Engine", topics: frozenset[str], timed: bool) -> None:
        """`timed`: time alone may bring something to do, as to a queue that knows when to try again."""
        self._engine, self._topics, self._timed = engine, topics, timed
        self._heard, self._vain = 0, -1
        self.patient, self.seconds = False, 0.0

    def is_set(self) -> bool:
        """Nobody asks a process to stop here: it is killed instead."""
        return False

    def wait(self, seconds: float) -> bool:
        """Wait for news; without any, the longer the more often there were none."""
        self._vain = 0 if self._engine.told_since(self._heard, self._topics) else self._vain + 1
        longest, stretch = (LONGEST_WAIT_SECONDS, STRETCH) if self._timed else (NEVER, NEVER)
        stretched = min(seconds * stretch ** min(self._vain, MOST_STRETCHES), longest)
        self.seconds, self.patient = seconds, stretched == longest
        self._engine.listen(self, stretched)
        self._heard = self._engine.news_told
        return False

    def hears(self, about: str) -> bool:
        """Whether this is news here."""
        return about == ANYTHING or about in self._topics


@dataclass(eq=False)
class Process:
    """A process: its loops live and die together. `start` builds them, `ended` tells the world that it is gone."""

    name: str
    start: Callable[["Process"], Sequence[Loop]]
    ended: Callable[["Process"], None]
    expire: Callable[["Process"], None]
    passing: tuple[type[Exception], ...]
    tasks: list[Task] = field(default_factory=list[Task])
    dead: bool = True
    doomed: bool = False
    frozen_until: float = 0.0
    starts: int = 0

    @property
    def identity(self) -> str:
        """The name of this life of the process."""
        return f"{self.name}.{self.starts}"


class Engine:
    """Runs processes to their rest under a schedule. It is also their clock, and has an ear for each of their loops."""

    def __init__(self, schedule: Schedule, deeds: Mapping[Kind, Callable[[], str]]) -> None:
        """`deeds` carries out the faults that are the world's, not a call's, and says what it did."""
        self._deeds = deeds
        self._turns, self.chance = Random(f"turns {schedule.seed}"), Random(f"chance {schedule.seed}")
        self._faults = sorted(schedule.faults, key=lambda fault: -fault.at)
        self._processes = list[Process]()
        self._timers = list[tuple[float, int, Callable[[], None]]]()
        self._ties = itertools.count()
        self._hub, self._current = getcurrent(), None
        self._news_at, self.news_told, self._told = 0, 0, dict[str, int]()
        self.seconds, self.steps, self.points = 0.0, 0, 0
        self.happened = list[str]()
        self.troubles = list[str]()
        self.settled: Callable[[], bool] = lambda: True  # whether quiet is rest, or something is on its way in real time

    # -- what processes see: a clock, and a `stop` each

    def now(self) -> datetime:
        """The virtual moment."""
        return EPOCH + timedelta(seconds=self.seconds)

    def sleep(self, seconds: float) -> None:
        """Sleep that many virtual seconds."""
        if self._current is not None:
            self._rest(max(seconds, 0.0))
            self._news_at = self.steps

    def ear(self, *topics: str, timed: bool = False) -> Ear:
        """For a loop that works on these. `timed`: time alone may bring something to do."""
        return Ear(self, frozenset(topics), timed)

    def listen(self, ear: Ear, seconds: float) -> None:
        """Wait, for so long at most."""
        if self._current is not None:
            task, task.ear = self._current, ear
            self._rest(seconds)
            task.ear = None

    # -- what the world tells

    def news(self, about: str = ANYTHING) -> None:
        """Something was committed, appended or befell: who works on it looks soon."""
        self._news_at, self.news_told = self.steps, self.news_told + 1
        self._told[about] = self.news_told
        for process in self._processes:
            for task in process.tasks:
                if task.ear is not None and task.ear.hears(about):
                    task.ear.patient, task.wakes_at = False, min(task.wakes_at, self.seconds + task.ear.seconds)

    def told_since(self, news: int, topics: Iterable[str]) -> bool:
        """Whether there was news of one of these after so many."""
        return any(self._told.get(topic, 0) > news for topic in (ANYTHING, *topics))

    def later(self, seconds: float, deed: Callable[[], None]) -> None:
        """Do this then, in virtual time."""
        heapq.heappush(self._timers, (self.seconds + seconds, next(self._ties), deed))

    def point(self, where: str, kinds: frozenset[Kind]) -> Kind | None:
        """A process is here, about to do something or having done it. What befalls it: one of `kinds`, for the caller to carry out.

        Points are counted while something goes on, so that faults fall where they hurt.
        """
        task = self._current
        if task is None:
            return None
        self._alive(task)
        self.steps += 1
        self.points += self.steps - self._news_at <= BUSY_STEPS
        self.seconds += POINT_SECONDS
        kind = self._due(where, kinds)
        if kind is not None:
            self.happened.append(f"point {self.points}: {kind} at {task.process.name} {where}")
            self.news()
        if kind is Kind.KILL:
            task.process.doomed = True
        elif kind is Kind.FREEZE:
            self._freeze(task.process)
        elif kind is not None and kind in self._deeds:
            self.happened.append(self._deeds[kind]())
        self._yield(task)
        return kind

    # -- the run

    def add(self, process: Process) -> None:
        """A process that is started now, and again whenever it ended."""
        self._processes.append(process)
        self._start(process)

    def run(self) -> None:
        """Until nobody has anything to do and no fault is left. Raises Restless."""
        while True:
            if self.steps > MOST_STEPS or len(self.troubles) > MOST_TROUBLES:
                raise Restless(f"{self.steps} steps", *self.troubles[-1:])
            while self._timers and self._timers[0][0] <= self.seconds:
                heapq.heappop(self._timers)[2]()
            ready = [task for process in self._living() for task in process.tasks if task.wakes_at <= self.seconds]
            if ready:
                self._go_on(ready[int(self._turns.random() * len(ready))])
            elif self._are_patient() and self.settled():
                return
            else:
                self._skip_time()

    def restart(self) -> None:
        """End every process and start it again, at once: what was not committed comes again. From here on nothing befalls anybody."""
        self._faults.clear()
        for process in self._processes:
            self._kill(process)
            process.ended(process)
        for process in self._processes:
            self._start(process)
        self.news()

    def hindered(self) -> bool:
        """Whether a process is away: ended or frozen. Only virtual time brings it back."""
        return any(process.dead or process.frozen_until > self.seconds for process in self._processes)

    def end(self) -> None:
        """End every process; nothing more happens."""
        for process in self._processes:
            self._kill(process)

    # -- inside

    def _living(self) -> list[Process]:
        return [process for process in self._processes if not process.dead and process.frozen_until <= self.seconds]

    def _are_patient(self) -> bool:
        """Whether everybody has looked in vain since the last news, and nothing comes by time."""
        ears = (task.ear for process in self._processes for task in process.tasks)
        return not self._timers and not self.hindered() and all(ear is not None and ear.patient for ear in ears)

    def _skip_time(self) -> None:
        """To the next moment at which something happens; what is on its way in real time comes first: whoever waits for it looks now."""
        moments = [task.wakes_at for process in self._processes if not process.dead for task in process.tasks]
        moments += [process.frozen_until for process in self._processes if process.frozen_until > self.seconds]
        moments += [moment for moment, _, _ in self._timers[:1]]
        moment = min(moment for moment in moments if moment > self.seconds)
        if moment > self.seconds + QUIET_SECONDS and not self.settled():
            self._look()
        elif moment < NEVER:
            self.seconds = moment

    def _look(self) -> None:
        """Everybody who waits."""
        for process in self._processes:
            for task in process.tasks:
                if task.ear is not None:
                    task.wakes_at = self.seconds

    def _go_on(self, task: Task) -> None:
        self._current = task
        task.thread.switch()
        self._current = None
        if task.failure is not None or task.thread.dead:
            self._note_failure(task)
            task.process.doomed = True
        if task.process.doomed:
            self._bury(task.process)

    def _note_failure(self, task: Task) -> None:
        process, failure = task.process, task.failure
        self.happened.append(f"point {self.points}: {process.name} ended by {failure!r}")
        if not isinstance(failure, process.passing):
            self.troubles.append(f"{process.name} ended by the unforeseen {failure!r}")

    def _start(self, process: Process) -> None:
        process.dead = process.doomed = False
        process.starts += 1
        self.steps += 1
        process.tasks = []
        for loop in process.start(process):
            task = Task(process, greenlet(lambda: None))
            task.thread = greenlet(self._body(task, loop))
            process.tasks.append(task)
        self.happened.append(f"point {self.points}: {process.name} starts")

    def _body(self, task: Task, loop: Loop) -> Callable[[], None]:
        def body() -> None:
            try:
                loop()
            except Killed:
                return
            except Exception as failure:  # noqa: BLE001 - what a thread of a real process cannot raise to anybody either
                task.failure = failure

        return body

    def _bury(self, process: Process) -> None:
        self._kill(process)
        process.ended(process)
        self.later(self.chance.uniform(0.0, 2 * SESSION_SECONDS), lambda: self._start(process))

    def _kill(self, process: Process) -> None:
        process.dead = True
        for task in process.tasks:
            if task.thread:
                self._current = task
                task.thread.throw(Killed)
        self._current = None
        process.tasks = []

    def _freeze(self, process: Process) -> None:
        seconds = self.chance.choice((1.0, 2 * SESSION_SECONDS, 400.0))
        process.frozen_until = self.seconds + seconds
        if seconds > SESSION_SECONDS:
            generation = process.starts
            self.later(SESSION_SECONDS, lambda: process.expire(process) if process.starts == generation else None)

    def _due(self, where: str, kinds: frozenset[Kind]) -> Kind | None:
        """The next fault whose time has come, if it can happen here; it waits for a point where it can."""
        for place in range(len(self._faults) - 1, -1, -1):
            fault: Fault = self._faults[place]
            if fault.at > self.points:
                return None
            if fault.kind in kinds and fault.aim in where:
                del self._faults[place]
                return fault.kind
        return None

    def _rest(self, seconds: float) -> None:
        task = self._current
        if task is None:
            return
        self._alive(task)
        self.steps += 1
        task.wakes_at = self.seconds + seconds
        self._yield(task)

    def _yield(self, task: Task) -> None:
        self._hub.switch()
        self._alive(task)

    def _alive(self, task: Task) -> None:
        if task.process.dead:
            raise Killed
