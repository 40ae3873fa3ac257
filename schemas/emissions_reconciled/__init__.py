"""emissions.reconciled: what the fetcher said of a company on a day, held against what the book has of it."""
