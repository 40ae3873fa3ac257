"""The notifier's outside: its PostgreSQL schema, the templates, and the mail server."""
