"""connection.opened: a company gave both consents; the first collection begins."""
