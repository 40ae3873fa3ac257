"""What the services say to each other: topics.yaml, one folder per event, and the registry that reads both."""
