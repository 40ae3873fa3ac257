"""The book in PostgreSQL: writing it, where its partitions stand, announcing it, reading it."""
