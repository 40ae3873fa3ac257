"""The ledger alone under a flood of documents, with people at the book and blows of every kind."""
