"""entry.recorded: a balanced entry « À traiter » stands in the books."""
