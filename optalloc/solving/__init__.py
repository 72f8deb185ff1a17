"""From Arrays to an Outcome, with HiGHS or another solver."""
