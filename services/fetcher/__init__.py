"""Reads Amazon Business, achats.booked.v1 and achats.decisions.v1, says what was collected on achats.collected.v1 and who is connected.

Owns schema fetcher.
"""

from enum import StrEnum


class Logged(StrEnum):
    """What this service writes to its log beside what the kernel writes: a closed list."""

    ACCESS_RESTORED = "access_restored"
    APPLICATION_REFUSED = "application_refused"
    COLLECTED = "run_collected"
    CONNECTED = "connection_opened"
    CONSENT_REFUSED = "consent_refused"
    CONNECTION_BROKEN = "connection_broken"
    DISCONNECTED = "connection_closed"
    KEYS_ROTATED = "keys_rotated"
    OTHER_ACCOUNT = "other_account"
    RUN_WAITS = "run_waits"
    SECRET_REFUSED = "client_secret_refused"
    JOB_FAILED = "job_failed"
    PAYLOAD_NOT_DELIVERED = "payload_not_delivered"
    PAYLOAD_UNREADABLE = "payload_unreadable"
    READER_DIED = "reader_died"
    REQUEST_REFUSED = "request_refused"
    THROTTLED = "throttled"
