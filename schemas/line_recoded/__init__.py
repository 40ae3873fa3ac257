"""line.recoded: a person gave a line another nature or account."""
