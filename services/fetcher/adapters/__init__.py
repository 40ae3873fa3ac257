"""The fetcher's outside: Amazon, PostgreSQL, jobs, the object store, PDF files."""
