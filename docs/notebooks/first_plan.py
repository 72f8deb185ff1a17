# %% [markdown]
# # A first plan from frames
#
# Two sites, one region, three years. A workbook is a mapping of sheet names to frames, with the
# columns of [the data dictionary](../reference/data_dictionary.md).

# %%
import pandas as pd

import optalloc

frames = {
    "Settings": pd.DataFrame(
        {
            "setting": ["name", "currency", "base_date", "discount_rate", "residual_value"],
            "value": ["A first case", "USD", "2027-01-01", 0.08, "no"],
        }
    ),
    "Periods": pd.DataFrame(
        {
            "period": ["2027", "2028", "2029"],
            "start": pd.to_datetime(["2027-01-01", "2028-01-01", "2029-01-01"]),
            "months": 12,
        }
    ),
    "Sites": pd.DataFrame(
        {
            "site": ["Oslo", "Porto"],
            "status": "candidate",
            "max_mw": [60, 100],
            "block_lead_months": 12,
            "site_cost": 20,
            "build_cost_per_mw": [8, 9],
        }
    ).set_index("site"),
    "Workloads": pd.DataFrame({"workload": ["inference"], "max_latency_ms": [60]}),
    "Demand": pd.DataFrame(
        {
            "workload": "inference",
            "region": "Europe",
            "period": ["2027", "2028", "2029"],
            "it_mw": [0, 40, 80],
        }
    ),
    "Network": pd.DataFrame(
        {"site": ["Oslo", "Porto"], "region": "Europe", "latency_ms": [35, 25]}
    ),
}
plan = optalloc.solve(frames)
plan

# %% [markdown]
# A plan is a mapping of its tables. Units stand beside the values.

# %%
plan["Build"]

# %%
plan["Build"].attrs["units"]

# %%
print(plan.cost, plan.bound, plan.gap)
list(plan)

# %% [markdown]
# What is wrong is named by sheet, column and label of the row, all at once.

# %%
wrong = {**frames, "Sites": frames["Sites"].assign(max_mw=[-60, 100], colour="red")}
try:
    optalloc.solve(wrong)
except optalloc.InputError as error:
    print(error)

# %% [markdown]
# A plan is kept in a workbook, and read back from it.

# %%
plan.to_excel("plan.xlsx")
again = optalloc.read_plan("plan.xlsx")
dearer = {**frames, "Sites": frames["Sites"].assign(build_cost_per_mw=[10, 9])}
optalloc.diff(again, optalloc.solve(dearer))
