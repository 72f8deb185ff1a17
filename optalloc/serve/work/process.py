"""The process of a task: serve one request, and report its progress.

The request comes as one JSON object on the standard input; progress goes out line by line as JSON,
and the result into ``result.json`` in the task's folder. On Ctrl-C (SIGINT) it stops and keeps what
is done.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TextIO

from optalloc.errors import InfeasibleError, InputError, NoPlanError, OptallocError
from optalloc.modelling.model import load_model
from optalloc.scenarios.overrides import WrongOverride
from optalloc.serve.files import RESULT
from optalloc.serve.work import check, questions, solve, sweep
from optalloc.serve.work.job import Job, Report, Stops
from optalloc.serve.work.shown import problem_rows
from optalloc.system import infer_python_text, limit_memory, replacing

__all__ = ["done", "main"]

_WORK: Mapping[str, Callable[[Job], dict[str, Any]]] = {
    "make": check.make,
    "check": check.check,
    "solve": solve.solve,
    "sweep": sweep.sweep,
    "explain": questions.explain,
    "alternatives": questions.alternatives,
    "regrets": questions.regrets,
    "frontier": questions.frontier,
    "test": questions.test,
    "generate": questions.generate,
    "reduce": questions.reduce,
    "compare": questions.compare,
}


def main() -> None:
    """Serve the request on the standard input, and write its result into the task's folder."""
    request = json.loads(sys.stdin.readline())
    # Only messages go to the standard output; other output goes to the log.
    messages = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    folder = Path(request["folder"])
    limit_memory(request.get("memory"))
    infer_python_text()
    stops = _Signals()
    stops.allow(True)
    result = done(request, _reporter(messages), stops)
    stops.allow(False)
    with replacing(folder / RESULT) as draft:
        draft.write_text(json.dumps(result, default=str), encoding="utf-8")


class _Signals:
    """Ctrl-C of this process."""

    def __init__(self) -> None:
        self.requested = False

    def allow(self, allowed: bool) -> None:
        """Let Ctrl-C stop the work from now on, or ignore it."""
        signal.signal(signal.SIGINT, self._stop if allowed else signal.SIG_IGN)

    def _stop(self, *_: object) -> None:
        self.requested = True
        raise KeyboardInterrupt


class _NoStops:
    """No requests to stop: signal handlers stay as they are, in a process with other tasks."""

    requested = False

    def allow(self, allowed: bool) -> None:
        """Change nothing."""


def done(request: Mapping[str, Any], report: Report, stops: Stops | None = None) -> dict[str, Any]:
    """Serve a request and give its result, which may be an expected error.

    Parameters
    ----------
    request : mapping
        ``kind`` names what is done; ``folder`` takes the files, ``model`` is the model folder or
        None; the other keys depend on the kind.
    report : callable
        Called with the progress, by keywords.
    stops : Stops, optional
        Requests to stop; none by default.

    Returns
    -------
    dict
        Plain values; ``ending`` is the kind of result.
    """
    try:
        model = load_model(request["model"])
        job = Job(request, Path(request["folder"]), model, report, stops or _NoStops())
        return _WORK[request["kind"]](job)
    except InputError as error:
        return {"ending": "input", "marked": False, **problem_rows(error.problems)}
    except NoPlanError as error:
        return {"ending": "no plan", "words": [_sentence(str(error))]}
    except InfeasibleError as error:
        return {"ending": "infeasible", "words": [str(error)], "tables": []}
    except (OptallocError, WrongOverride, MemoryError) as error:
        return {"ending": "refused", "words": [_refused(error, request.get("memory"))]}
    except KeyboardInterrupt:
        return {"ending": "no plan", "words": ["It was stopped before anything was found."]}


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:].rstrip('.')}."


def _refused(error: Exception, memory: int | None) -> str:
    """Reason of a refusal."""
    if isinstance(error, MemoryError):
        most = f", {memory / 2**30:,.3g} GB" if memory else ""
        return f"It ran out of memory: it needs more than one task may take here{most}."
    if isinstance(error, WrongOverride):
        found = f"; found {error.found}" if error.found else ""
        return f"{error.must}{found}. {error.action}"
    return _sentence(str(error))


def _reporter(messages: TextIO) -> Report:
    """Function that sends messages to the server, from any thread; without a server, it ends."""
    alone = threading.Lock()

    def report(**message: Any) -> None:
        with alone:
            try:
                messages.write(json.dumps(message) + "\n")
                messages.flush()
            except OSError:
                os._exit(1)

    return report
