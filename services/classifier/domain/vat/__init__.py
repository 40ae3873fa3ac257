"""Which VAT: regime, rates, the right to deduct."""
