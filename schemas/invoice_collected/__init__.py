"""invoice.collected: a final document with what Amazon's API states and what the document itself says, side by side."""
