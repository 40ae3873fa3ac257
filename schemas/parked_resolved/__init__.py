"""parked.resolved: an operator gave a parked record back to its service, or discarded it."""
