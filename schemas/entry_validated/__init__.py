"""entry.validated: an entry is final and has its number."""
