"""entry.reversed: a final entry was turned round by its mirror."""
