# %% [markdown]
# # From places to a board paper
#
# A list of places and a forecast become a workbook, the workbook a plan, and the plan five slides
# that can be edited.

# %%
import optalloc

started = optalloc.start(
    "start.xlsx",
    places="Dallas, Tokyo",
    home="Northern Virginia",
    demand=50,
    growth=0.2,
    years=6,
    first_year=2027,
)
data, problems = optalloc.check("start.xlsx", started.model)
len(problems)

# %% [markdown]
# Every cell has its source on the sheet `Sources`. What no source states is assumed, and listed
# with the range that is plausible:

# %%
data["Assumptions"][["assumption", "low", "high", "unit"]].head(8)

# %%
plan = optalloc.solve("start.xlsx", gap=0.01)
plan

# %% [markdown]
# The paper: decision, map, timeline, cost and its proof, risks and alternatives.

# %%
from pptx import Presentation

plan.to_paper("board.pptx")
slides = Presentation("board.pptx").slides
[slide.shapes.title.text for slide in slides]

# %%
chart = next(shape.chart for shape in slides[3].shapes if shape.has_chart)
total = [s.values[-1] for s in chart.plots[0].series if s.name == "total"]
round(total[0], 1), round(plan.cost, 1)
