"""How any service runs: events in and out, transactions, probes, logs. No word of the business belongs here."""
