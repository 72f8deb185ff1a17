"""The benchmark campaign: instances by routes, each run in a process of its own, and its report."""
