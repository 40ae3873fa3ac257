"""invoice.parked: a record of an import run could not be read or handled and was parked; the run counts it here."""
