"""invoice.described: everything known of an invoice now; the topic is compacted, so a new reader gets today's state."""
