"""connection.changed: a connection moved from one state to another."""
