"""What Amazon answers, as it published it: one module per API, and what all answers have in common."""
