"""The classifier's outside: the rulebook's file, and Kafka by faust."""
