"""The closed list of log event names of every service; one adds its own in its `__init__`. A test knows them all."""

from enum import StrEnum


class Log(StrEnum):
    """Every log event that any service can write: constant names, values go in fields."""

    STARTED = "started"
    STOPPED = "stopped"
    ASSIGNED = "partitions_assigned"
    REVOKED = "partitions_revoked"
    BATCH = "batch_handled"
    PARKED = "record_parked"
    RETRYING = "retrying"
    UNFORESEEN = "unforeseen_error"
    SEND_FAILED = "send_failed"
    COMMIT_FAILED = "commit_failed"
    TRIPPED = "breaker_tripped"
    MIGRATED = "migrated"
