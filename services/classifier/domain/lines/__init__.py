"""From articles to lines on accounts: assets, discounts, freight, and the VAT of each."""
