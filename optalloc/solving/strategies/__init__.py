"""Strategies: portfolios of processes, and the methods that they are made of."""
