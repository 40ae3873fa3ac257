"""chain.sealed: the head of a book's chain on a day."""
