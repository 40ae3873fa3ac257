"""The operators' command line, part by part: contracts, topics, parked records, doctor."""
