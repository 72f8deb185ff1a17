# %% [markdown]
# # A policy where demand is uncertain
#
# With an even chance demand of 2029 is 30 MW lower, and that is known on 2028-01-01. Two more
# sheets say so; see [uncertainty](../how-to/uncertainty.md).

# %%
from pathlib import Path

import pandas as pd

import optalloc

frames = {path.stem: pd.read_csv(path) for path in sorted(Path("inputs/first").glob("*.csv"))}
frames["Uncertainties"] = pd.DataFrame(
    {
        "uncertainty": "demand",
        "outcome": ["fast", "slow"],
        "probability": 0.5,
        "revealed": ["2028-01-01", None],
    }
)
frames["Outcomes"] = pd.DataFrame(
    {
        "uncertainty": ["demand"],
        "outcome": "slow",
        "sheet": "Demand",
        "rows": "period=2029",
        "column": "it_mw",
        "operation": "add",
        "value": -30,
    }
)
policy = optalloc.solve(frames)
policy

# %% [markdown]
# What to do later, in which case:

# %%
policy["Policy"][["known", "known_since", "action", "subject", "mw", "differs"]]

# %% [markdown]
# What it is worth to know and to wait, and the plan of one scenario:

# %%
policy["Values"][["in_words"]]

# %%
policy.futures["demand=slow"]

# %% [markdown]
# What limits the policy, and in which scenarios:

# %%
optalloc.explain(policy)
