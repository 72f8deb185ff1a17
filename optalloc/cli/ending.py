"""Ends of commands: one message and one exit code for each kind of error."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from typing import NoReturn, TypeVar

import typer

from optalloc.errors import (
    InfeasibleError,
    InputError,
    InternalError,
    ModelError,
    NoPlanError,
    OptallocError,
    SolveError,
    gathered,
)

__all__ = ["FAULT", "INFEASIBLE", "INPUT", "NO_PLAN", "USAGE", "guarded", "leave"]

T = TypeVar("T")

USAGE, INPUT, INFEASIBLE, NO_PLAN, FAULT = 2, 3, 4, 5, 70


def guarded(run: Callable[[], T], *, as_json: bool = False) -> T:
    """Run, and turn each kind of error into its message and exit code, without a traceback."""
    try:
        return run()
    except InputError as error:
        lines = [str(problem) for problem in gathered(error.problems)]
        leave(INPUT, "input", lines, as_json)
    except InfeasibleError as error:
        # The explanation, where there is one, replaces the names of rows.
        messages = getattr(error, "__notes__", [str(error)])
        leave(INFEASIBLE, "infeasible", messages, as_json)
    except NoPlanError as error:
        leave(NO_PLAN, "no plan", [str(error)], as_json)
    except ModelError as error:
        leave(USAGE, "model", [str(error)], as_json)
    except (InternalError, SolveError) as error:
        leave(FAULT, "fault", [str(error)], as_json)
    except OptallocError as error:
        leave(USAGE, "usage", [str(error)], as_json)
    except OSError as error:
        leave(USAGE, "file", [f"{error.filename or 'file'}: {error.strerror or error}"], as_json)
    except KeyboardInterrupt:
        leave(NO_PLAN, "no plan", ["interrupted; no plan was written"], as_json)
    except (typer.Exit, typer.BadParameter):
        raise
    except Exception:
        traceback.print_exc()
        leave(FAULT, "fault", ["a fault of optalloc; please report the lines above"], as_json)


def leave(code: int, kind: str, lines: list[str], as_json: bool) -> NoReturn:
    """Print why there is no result, and exit with a code."""
    if as_json:
        from optalloc.cli.screen import print_json  # noqa: PLC0415  (takes a second)

        print_json({"error": kind, "exit_code": code, "messages": lines})
    for line in lines:
        print(line, file=sys.stderr)
    raise typer.Exit(code)
