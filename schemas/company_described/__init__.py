"""company.described: the whole current state of a company, its settings and its connections."""
