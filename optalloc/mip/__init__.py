"""A mixed-integer program as arrays, and what a solve says of it."""
