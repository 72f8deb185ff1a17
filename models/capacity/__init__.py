"""The capacity model: which sites to build, how many megawatts to procure, and when.

One file per family; files whose names begin with an underscore are shared by families.
"""
