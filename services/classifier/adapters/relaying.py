"""The relay beside the worker: faust has its own loop, so what people decided is announced from a thread."""

import threading
from collections.abc import Callable

from services.classifier.adapters.faust_app import UNFORESEEN
from services.kernel.log import log
from services.kernel.loop import relay
from services.kernel.names import Log
from services.kernel.ports import Pending, Sender
from services.kernel.probes import Health


def relay_or_leave(pending: Pending, sender: Sender, health: Health, service: str, leave: Callable[[int], None]) -> None:
    """Announce what is committed as long as the process lives; what nobody foresaw ends it, as it does in every loop."""
    try:
        relay(pending, sender, health, threading.Event(), service)
    except Exception as error:
        log.error(Log.UNFORESEEN, loop="relay", error=repr(error), exc_info=error)
        leave(UNFORESEEN)
        raise
