"""How documents are booked: pure functions over contracts."""
