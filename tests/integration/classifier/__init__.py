"""The classifier on a broker of its own. A package, so that the broker ends with its last test."""
