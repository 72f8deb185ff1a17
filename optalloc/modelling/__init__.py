"""The framework for families: what they declare, and the program made of it."""
