"""The app for a colleague without a terminal: start, solve, watch, stop, read, ask, compare."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

from optalloc.errors import OptallocError
from optalloc.modelling.model import load_model
from optalloc.serve.folder import kept_folder
from optalloc.system import share_of_memory

__all__ = ["is_loopback", "serve"]

_NEEDED = ("jinja2", "python_multipart", "starlette", "uvicorn")


def serve(
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    jobs: int = 1,
    max_upload_mb: float = 50.0,
    time_limit_s: float = 3600.0,
    memory_gb: float | None = None,
    folder: Path | None = None,
    keep: Path | None = None,
    model: Path | None = None,
    say: Callable[[str], None] = print,
) -> None:
    """Serve pages until Ctrl-C.

    Parameters
    ----------
    host : str
        Address to listen at; any but a loopback address admits whoever can reach it.
    port : int
        0 for any that is free.
    jobs : int
        Solves at a time; the others wait.
    max_upload_mb : float
        Size of a workbook, at most, in units of 2**20 bytes.
    time_limit_s : float
        Seconds for one solve, at most.
    memory_gb : float, optional
        Memory (2**30 bytes of address space) that one solve may take; by default its share of
        the machine's, and 4 at least.
    folder : Path, optional
        An existing folder for what visitors upload, which is removed from it in the end, and by the
        next server there after one that was killed.
    keep : Path, optional
        A folder, made if it is not there, in which uploads and runs are kept, to be found again by
        the next server there; in place of `folder`.
    model : Path, optional
        Model folder.
    say : callable
        Called with each line of output, such as the address.

    Raises
    ------
    OptallocError
        If a package that it needs is not installed, the address is taken, or another server keeps
        its runs in the folder.
    ModelError
        If the model folder cannot be used.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise OptallocError(
            f"serving needs {', '.join(missing)}, not installed: pip install 'optalloc[serve]'"
        )
    if folder is not None and not folder.is_dir():
        raise OptallocError(f"{folder}: must be an existing folder")
    if keep is not None:
        if folder is not None:
            raise OptallocError("runs are kept in one folder or removed from another: name one")
        with kept_folder(keep):
            # Said now, as the server takes the folder once it listens.
            pass
    import uvicorn  # noqa: PLC0415  (an extra)

    from optalloc.serve.app import make_app  # noqa: PLC0415
    from optalloc.serve.settings import Settings  # noqa: PLC0415

    load_model(model)
    names = frozenset({"127.0.0.1", "::1", "localhost", host.casefold()})
    settings = Settings(
        jobs=jobs,
        most_bytes=int(max_upload_mb * 2**20),
        time_limit_s=time_limit_s,
        memory_bytes=share_of_memory(jobs) if memory_gb is None else int(memory_gb * 2**30),
        folder=folder,
        keep=keep,
        model=model,
        hosts=names if is_loopback(host) else frozenset(),
    )
    with _listening(host, port) as listening:
        shown = f"[{host}]" if ":" in host else host
        say(f"serving at http://{shown}:{listening.getsockname()[1]}/ until Ctrl-C")
        removed = "removed when nobody has asked for it for hours, and at the end"
        say(f"what is uploaded is {removed if keep is None else f'kept in {keep}'}")
        if not is_loopback(host):
            say(
                "warning: whoever can reach this address may use it, without a password and "
                "unencrypted; put a server that asks for both in front of it"
            )
        config = uvicorn.Config(
            make_app(settings),
            loop="asyncio",
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=3,
            limit_concurrency=200,
        )
        uvicorn.Server(config).run(sockets=[listening])


def is_loopback(host: str) -> bool:
    """True if only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.casefold() == "localhost"


def _listening(host: str, port: int) -> socket.socket:
    """A socket at the address, so that a taken one is found before any output."""
    try:
        family, *_ = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = error.strerror or error
        raise OptallocError(
            f"cannot listen at {host}, port {port}: {reason}; choose another --host or --port"
        ) from error
