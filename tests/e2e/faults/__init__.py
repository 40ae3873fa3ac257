"""Imports with something broken on the way. A package, so that its deployment ends with its last test."""
