"""Questions that people ask of a plan or of two: why, what differs, what else, how long."""
