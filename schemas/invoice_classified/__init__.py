"""invoice.classified: what the document is: category, supplier, and the account and VAT treatment of each line, with the reason."""
