"""Reads achats.connections.v1 and achats.contacts.v1, writes e-mails and achats.notified.v1, owns the schema `notifier`."""
