"""entry.superseded: an entry that was not final was replaced by another."""
