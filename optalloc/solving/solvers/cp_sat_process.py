"""CP-SAT in a process of its own: ``python cp_sat_process.py PROGRAM ANSWER``, two ``.npz`` files.

The package ortools brings a HiGHS library that cannot be loaded beside that of highspy, so nothing
of optalloc is imported here. Its log goes to standard output.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import scipy.sparse as sp
from ortools.linear_solver.python import model_builder


def main(program: Path, answer: Path) -> None:
    """Read an integer program, solve it, and write the answer."""
    with np.load(program) as given:
        model = model_builder.Model()
        shape = len(given["row_lower"]), len(given["cost"])
        matrix = sp.csr_matrix((given["data"], given["indices"], given["indptr"]), shape)
        model.helper.fill_model_from_sparse_data(
            given["col_lower"],
            given["col_upper"],
            given["cost"],
            given["row_lower"],
            given["row_upper"],
            matrix,
        )
        for column in range(shape[1]):
            model.helper.set_var_integrality(column, True)
        parameters, seconds = str(given["parameters"]), float(given["seconds"])
    solver = model_builder.ModelSolver("sat")
    solver.set_solver_specific_parameters(parameters)
    if np.isfinite(seconds):
        solver.set_time_limit_in_seconds(seconds)
    solver.enable_output(True)
    status = solver.solve(model).name
    found = status in ("OPTIMAL", "FEASIBLE")
    np.savez(
        answer,
        status=status,
        bound=solver.best_objective_bound if found else np.nan,
        values=np.array(solver.values(model.get_variables()), float) if found else np.empty(0),
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
