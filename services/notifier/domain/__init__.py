"""What a letter says, to whom it may go, and what its sending came to. Pure."""
