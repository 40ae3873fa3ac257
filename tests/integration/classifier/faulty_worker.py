"""`achats-classifier` with a mistake in its classify code: on the event whose id is the argument it raises what nobody foresaw."""

import os
import sys

from services.classifier import handler
from services.classifier.adapters import worker
from services.classifier.config import Config
from services.classifier.domain.nature.rulebook import Rulebook
from services.classifier.main import work
from services.kernel.envelope import Delivery, Outgoing


def answer(delivery: Delivery, rulebook: Rulebook, now: str) -> tuple[Outgoing, ...]:
    """The shipped answer, except to that event."""
    if delivery.event is not None and delivery.event.id == sys.argv[1]:
        raise ZeroDivisionError
    return handler.answer(delivery, rulebook, now)


if __name__ == "__main__":
    worker.answer = answer
    work(Config.from_env(os.environ))
