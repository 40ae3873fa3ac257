"""connection.broken: a connection collects nothing until a person acts."""
