"""Amazon Business, simulated: consent, tokens, the Reconciliation and Document APIs, and the PDFs behind them."""
