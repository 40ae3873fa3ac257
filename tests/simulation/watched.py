"""A part of a process with a point before and behind each of its calls."""

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

from services.kernel.errors import Unavailable
from tests.simulation.engine import Engine
from tests.simulation.faults import ANYWHERE, Kind

OPENS = frozenset({"transaction", "writing", "connection"})  # calls whose answer is a context with a part in it
GIVES = frozenset({"account"})  # calls whose answer is a part
ASIDE = frozenset({"tripped"})  # asked at every turn beside a poll, which has points enough
CAN_FAIL = ANYWHERE | {Kind.NO_ANSWER}
CAN_BE_LOST = ANYWHERE | {Kind.ANSWER_LOST}

type Trick = Callable[[Any, tuple[Any, ...]], Any]


class Watched:
    """Stands before a part. `tricks`: faults of single methods, carried out by a function of the part and the call's arguments."""

    def __init__(self, engine: Engine, name: str, part: object, tricks: Mapping[str, Mapping[Kind, Trick]], fallible: bool = True) -> None:
        self._engine, self._name, self._part, self._tricks, self._fallible = engine, name, part, tricks, fallible

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._part, name)
        return partial(self._call, name, found) if callable(found) and name not in ASIDE else found

    def _call(self, method: str, call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
        where, tricks = f"{self._name}.{method}", self._tricks.get(method, {})
        if method in OPENS:
            return self._within(where, call(*arguments, **named))
        befell = self._engine.point(f"before {where}", (CAN_FAIL if self._fallible else ANYWHERE) | tricks.keys())
        if befell is Kind.NO_ANSWER:
            raise Unavailable("nobody answers", where)
        if befell is not None and befell in tricks:
            return tricks[befell](self._part, arguments)
        answer = call(*arguments, **named)
        self._behind(where)
        return Watched(self._engine, where, answer, {}) if method in GIVES else answer

    def _behind(self, where: str) -> None:
        if self._engine.point(f"behind {where}", CAN_BE_LOST if self._fallible else ANYWHERE) is Kind.ANSWER_LOST:
            raise Unavailable("the answer was lost", where)

    @contextmanager
    def _within(self, where: str, context: AbstractContextManager[Any]) -> Generator[Any]:
        if self._engine.point(f"before {where}", CAN_FAIL) is Kind.NO_ANSWER:
            raise Unavailable("nobody answers", where)
        with context as inner:
            yield Watched(self._engine, where, inner, {})
            if self._engine.point(f"before the commit of {where}", CAN_FAIL) is Kind.NO_ANSWER:
                raise Unavailable("nobody answers", where)
        self._behind(where)
