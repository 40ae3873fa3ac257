"""import.finished: every document of an import run has an outcome; the counts add up."""
