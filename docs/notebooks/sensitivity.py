# %% [markdown]
# # Which figures move the plan
#
# A sweep solves a case for each change. The changes are rows of the sheet `Sweeps`; see
# [sweeps](../how-to/sweeps.md). In a script, call it under `if __name__ == "__main__":`.

# %%
from pathlib import Path

import pandas as pd

import optalloc

frames = {path.stem: pd.read_csv(path) for path in sorted(Path("inputs/first").glob("*.csv"))}
frames["Sweeps"] = pd.DataFrame(
    [
        (
            "what matters",
            "one at a time",
            "demand",
            "Demand",
            None,
            "it_mw",
            "multiply",
            "0.8; 1.2",
        ),
        (
            "what matters",
            None,
            "building at Oslo",
            "Sites",
            "site=Oslo",
            "build_cost_per_mw",
            "multiply",
            "0.9; 1.3",
        ),
        (
            "what matters",
            None,
            "building at Porto",
            "Sites",
            "site=Porto",
            "build_cost_per_mw",
            "multiply",
            "0.8; 1.2",
        ),
    ],
    columns=["sweep", "design", "change", "sheet", "rows", "column", "operation", "values"],
)
result = optalloc.sweep(frames, jobs=1)
result

# %% [markdown]
# Each change at its ends, against the base case, in millions:

# %%
cases = result["Cases"].set_index("number")["objective"]
moved = result["Inputs"].assign(costs_more=lambda f: f["number"].map(cases) - cases[0])
moved.pivot(index="change", columns="value", values="costs_more").round(1)

# %% [markdown]
# Where each case builds, in its last period:

# %%
build = result["Build"]
last = build[build["period"] == "2029"]
last.pivot(index="case", columns="site", values="online_mw")
