"""collection.finished: the marker that ends an import run's collection and says how many events the run has."""
