"""Schema migrations by yoyo, under a lock that dies with its process."""

from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import psycopg
import yoyo  # pyright: ignore[reportMissingTypeStubs]
from psycopg import sql

from services.kernel.log import log
from services.kernel.names import Log
from services.kernel.postgres import LINE, WAITS

KERNEL_MIGRATIONS = Path(__file__).with_name("migrations")


def migrate(url: str, schema: str, folder: Path | None, with_outbox: bool) -> int:
    """Apply to `schema` what is missing (ours, then those of `folder`), each file whole or not at all; how many were applied."""
    ours = [KERNEL_MIGRATIONS / "breaker", *([KERNEL_MIGRATIONS / "outbox"] if with_outbox else [])]
    folders = [str(one) for one in (*ours, folder) if one]
    separator = "&" if "?" in url else "?"
    bounds = urlencode({"schema": schema, **LINE, "options": WAITS}, quote_via=quote)
    with psycopg.connect(url, autocommit=True, **LINE) as guard:  # without WAITS: whoever migrates before us may take its time
        guard.execute("select pg_advisory_lock(hashtext(%s))", [f"migrate:{schema}"])
        guard.execute(sql.SQL("create schema if not exists {}").format(sql.Identifier(schema)))
        backend: Any = yoyo.get_backend(url.replace("postgresql://", "postgresql+psycopg://", 1) + separator + bounds)
        with closing(backend.connection):
            backend.break_lock()
            with backend.lock():
                missing: Any = backend.to_apply(yoyo.read_migrations(*folders))
                backend.apply_migrations(missing)
    log.info(Log.MIGRATED, schema=schema, applied=len(missing))
    return len(missing)
