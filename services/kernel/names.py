"""The closed lists of log event names and metrics; a test knows them."""

from enum import StrEnum


class Log(StrEnum):
    """Every log event this system can write: constant names, values go in fields."""

    STARTED = "started"
    STOPPED = "stopped"
    STOPPING = "stopping"
    ASSIGNED = "partitions_assigned"
    REVOKED = "partitions_revoked"
    BATCH = "batch_handled"
    PARKED = "record_parked"
    RETRYING = "retrying"
    UNFORESEEN = "unforeseen_error"
    RELAYED = "relayed"
    SEND_FAILED = "send_failed"
    COMMIT_FAILED = "commit_failed"
    MIGRATED = "migrated"

    # notifier
    NOTIFICATION_RESERVED = "notification_reserved"
    NOTIFICATION_REPEATED = "notification_repeated"
    NOTIFICATION_TRIED = "notification_tried"

    # fetcher
    COLLECTED = "run_collected"
    CONNECTED = "connection_opened"
    CONSENT_REFUSED = "consent_refused"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    JOB_FAILED = "job_failed"
    PAYLOAD_UNREADABLE = "payload_unreadable"
    THROTTLED = "throttled"

    # ledger
    NO_NEWS = "event_without_news"


class Metric(StrEnum):
    """Every metric, with what it counts."""

    RECORDS = "achats_records_total"
    PARKED = "achats_records_parked_total"
    ANNOUNCED = "achats_records_announced_total"
    RETRIES = "achats_retries_total"
    TURNED = "achats_loop_turned_timestamp_seconds"
