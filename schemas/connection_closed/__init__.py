"""connection.closed: a connection has ended for good."""
