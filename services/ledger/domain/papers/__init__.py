"""Papers that do not come from Amazon: one file per kind reads a paper and says its entries. Pure; `book.py` is what it sees."""
