"""The framework for families: their declarations, and the program made of them."""
