"""The capacity model: which sites to build, how many megawatts to procure, and when.

One file or folder per family; files whose names begin with an underscore are shared by families.

Notation
    Indices stand in one order: ``w`` workload, ``r`` region, ``i`` site, ``c`` contract, ``p``
    period, ``t`` slice of the year. Other periods are ``q`` and ``s`` (``s`` where something starts
    or is signed); ``p-1`` is the period before, and what there would be before the first period is
    zero. ``sum_i`` runs over the sites for which the term exists: what would violate a rule of
    place or time has no variable, so that nothing is said of it in the formulas. ``begin(p)`` and
    ``end(p)`` are the months from the base date to a period's first day and to its end. Names leave
    their unit off:
    ``online[i,p]`` is the ledger ``online_mw``.
Units
    ``MW IT`` is load and capacity, ``MW grid`` is that times the power usage effectiveness, ``M``
    is a million of the workbook's currency.
"""
