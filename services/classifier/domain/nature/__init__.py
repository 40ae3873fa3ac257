"""What each line is, by the rulebook and by what people taught."""
