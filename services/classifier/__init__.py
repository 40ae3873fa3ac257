"""Reads collected invoices, writes what each one is, or why a person must look; owns the schema `classifier`."""
