"""The pages under /connectivite."""
