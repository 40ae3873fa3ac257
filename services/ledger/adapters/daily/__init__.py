"""What the ledger does once a day beside its books: keep their heads, hold what the fetcher said against them."""
