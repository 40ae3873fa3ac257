"""Papers that do not come from Amazon: read from a file, put into the book as one deed of a person."""
