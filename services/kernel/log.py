"""Logs: a constant name plus fields, JSON on standard output, one line per unit of work."""

import logging
import sys
from enum import StrEnum
from functools import partial
from typing import Any, Protocol

import structlog
from structlog.typing import EventDict


class Logger(Protocol):
    """Writes log events of a closed list with their fields; a plain text does not type-check."""

    def info(self, event: StrEnum, /, **fields: object) -> None: ...

    def warning(self, event: StrEnum, /, **fields: object) -> None: ...

    def error(self, event: StrEnum, /, **fields: object) -> None: ...


log: Logger = structlog.get_logger()


def configure(service: str, pretty: bool) -> None:
    """Send log events, ours and the libraries', to standard output as JSON lines, or readable when `pretty`."""
    renderer: Any = structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer(ensure_ascii=False)
    shared: list[Any] = [
        partial(_name, service),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    structlog.configure(processors=[*shared, structlog.processors.format_exc_info, renderer], cache_logger_on_first_use=True)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def _name(service: str, _logger: object, _method: str, event: EventDict) -> EventDict:
    return {"service": service, **event}
