"""Reads achats.connections.v1 and achats.contacts.v1, writes e-mails and achats.notified.v1, owns the schema `notifier`."""

from enum import StrEnum


class Logged(StrEnum):
    """What this service writes to its log beside what the kernel writes: a closed list."""

    NOTIFICATION_RESERVED = "notification_reserved"
    NOTIFICATION_REPEATED = "notification_repeated"
    NOTIFICATION_TRIED = "notification_tried"
