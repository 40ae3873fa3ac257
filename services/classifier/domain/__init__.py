"""What a document is: pure functions from an event and a rulebook to an answer."""
