"""A plan read back from a solution, audited, priced and kept."""
