"""The closed lists of log event names and metrics; a test knows them. A service adds its own log names in its `__init__`."""

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
    MIGRATED = "migrated"


class Metric(StrEnum):
    """Every metric, with what it counts."""

    RECORDS = "achats_records_total"
    PARKED = "achats_records_parked_total"
    ANNOUNCED = "achats_records_announced_total"
    RETRIES = "achats_retries_total"
    TURNED = "achats_loop_turned_timestamp_seconds"
