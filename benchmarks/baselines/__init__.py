"""What someone else would write: the same planning problem in plain Pyomo, and in linopy.

Both decide what is opened, built and brought into service in each period, take what there is up to
a period as a sum, and read the same folder with pandas. They cover the limits that generated
instances have, no others: sheets they do not know are refused.
"""
