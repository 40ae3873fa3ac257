"""emissions.counted: how many documents were said of a company on a day, and which."""
