"""Run the command line: ``optalloc``, or ``python -m optalloc``.

The modules of a command take a second to import. So nothing is imported before Ctrl-C in that
second ends the command as it does later: with one line and the exit code for no plan.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

NO_PLAN = 5
INTERRUPTED = "interrupted; no plan was written"


def _leave(*_: object) -> None:
    """End at once. A KeyboardInterrupt would do so with a traceback, or be lost in a callback."""
    if "--json" in sys.argv:
        message = f'{{"error": "no plan", "exit_code": {NO_PLAN}, "messages": ["{INTERRUPTED}"]}}\n'
        os.write(1, message.encode())
    os.write(2, f"{INTERRUPTED}\n".encode())
    os._exit(NO_PLAN)


@contextmanager
def _importing(tables: bool = False) -> Iterator[None]:
    """End the command at Ctrl-C while modules are imported; `tables` where pandas is among them."""
    usual = signal.getsignal(signal.SIGINT)
    # A shell that runs it in the background ignores Ctrl-C; that stays.
    if usual is signal.default_int_handler:
        signal.signal(signal.SIGINT, _leave)
    if tables:
        from optalloc.system import infer_python_text  # noqa: PLC0415  (only now, as above)

        infer_python_text()
    yield
    signal.signal(signal.SIGINT, usual)


def main() -> None:
    """Entry point of the ``optalloc`` command."""
    with _importing():
        from optalloc.cli.main import main as run  # noqa: PLC0415  (only now, as above)
    run(_importing)


if __name__ == "__main__":
    main()
