"""classification.held: a document that a person must look at before it can be booked, with the reason and one next action."""
