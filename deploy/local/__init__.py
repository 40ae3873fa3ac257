"""The laptop deployment: a real Kafka, a real PostgreSQL and a mailbox as child processes, without Docker."""
