"""notification.sent: a person was told, once."""
