"""The operators' command line, part by part: contracts, topics, doctor."""
