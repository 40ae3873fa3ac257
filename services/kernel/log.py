"""Logs: a constant name plus fields, JSON on standard output, one line per unit of work."""

import logging
import sys
from typing import Any

import structlog

from services.kernel.names import Log


class Logger:
    """Writes log events of the closed list; anything else does not type-check."""

    def info(self, name: Log, **fields: object) -> None:
        """Something happened that a reader of the log wants to know."""
        _writer().info(name.value, **fields)

    def warning(self, name: Log, **fields: object) -> None:
        """Something went wrong and the service deals with it."""
        _writer().warning(name.value, **fields)

    def error(self, name: Log, **fields: object) -> None:
        """Something went wrong and the service cannot deal with it."""
        _writer().error(name.value, **fields)


log = Logger()


def configure(service: str, pretty: bool) -> None:
    """Send log events, ours and the libraries', to standard output as JSON lines, or readable when `pretty`."""
    renderer: Any = structlog.dev.ConsoleRenderer() if pretty else structlog.processors.JSONRenderer(ensure_ascii=False)
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    ]
    structlog.configure(processors=[*shared, structlog.processors.format_exc_info, renderer], cache_logger_on_first_use=True)
    structlog.contextvars.bind_contextvars(service=service)
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(processor=renderer, foreign_pre_chain=shared))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)


def _writer() -> Any:
    return structlog.get_logger()
