"""contact.described: where to write to the person who answers for a company, sealed for the notifier."""
