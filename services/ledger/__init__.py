"""The ledger reads what the classifier says, writes the books in double entry, announces them, and owns the schema `ledger`."""
