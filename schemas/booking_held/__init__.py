"""booking.held: a document is in Achats, and a person must act before it is booked."""
