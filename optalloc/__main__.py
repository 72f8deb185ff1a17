"""Run the command line: ``optalloc``, or ``python -m optalloc``.

The modules of the command take a second to import. So nothing is imported here before Ctrl-C in
that second ends the command as it does later: with one line and the exit code for no plan.
"""

from __future__ import annotations

import os
import signal
import sys

NO_PLAN = 5
INTERRUPTED = "interrupted; no plan was written"


def _leave(*_: object) -> None:
    """End at once. A KeyboardInterrupt would do so with a traceback, or be lost in a callback."""
    if "--json" in sys.argv:
        message = f'{{"error": "no plan", "exit_code": {NO_PLAN}, "messages": ["{INTERRUPTED}"]}}\n'
        os.write(1, message.encode())
    os.write(2, f"{INTERRUPTED}\n".encode())
    os._exit(NO_PLAN)


def main() -> None:
    """Entry point of the ``optalloc`` command."""
    usual = signal.getsignal(signal.SIGINT)
    # A shell that runs it in the background ignores Ctrl-C; that stays.
    if usual is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)
    from optalloc.cli.main import main as run  # noqa: PLC0415  (only now, as it takes a second)
    from optalloc.system import infer_python_text  # noqa: PLC0415

    signal.signal(signal.SIGINT, usual)
    run(infer_python_text)


if __name__ == "__main__":
    main()
