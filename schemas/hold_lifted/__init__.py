"""hold.lifted: a person answered what a held document asked."""
