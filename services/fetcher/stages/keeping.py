"""Answers are kept many at a time: a transaction takes longer than a row."""

from collections.abc import Callable, Iterable, Sequence

AT_ONCE = 50
"""Requests whose answers are kept in one transaction; a process that is killed amid them asks again for as many at most."""


def keep_answers[T, R](things: Iterable[T], ask: Callable[[T], R | None], keep: Callable[[Sequence[R]], None]) -> None:
    """Ask about each thing and keep what is answered; when asking fails, what was answered until then is kept first."""
    answers = list[R]()
    try:
        for thing in things:
            if (answer := ask(thing)) is not None:
                answers.append(answer)
    except Exception:
        _keep(answers, keep)
        raise
    _keep(answers, keep)


def _keep[R](answers: Sequence[R], keep: Callable[[Sequence[R]], None]) -> None:
    if answers:
        keep(answers)
