"""What the PDF of an invoice says: its words and its embedded XML → evidence, each value with its origin."""
