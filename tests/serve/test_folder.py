"""The server's folder, of servers that were killed and of those that live."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

from optalloc.serve.folder import own_folder

HOLD = """
import sys
from pathlib import Path
from optalloc.serve.folder import own_folder
with own_folder(Path(sys.argv[1])) as folder:
    (folder / "book.xlsx").touch()
    print(folder.name, flush=True)
    sys.stdin.read()
"""


def test_the_next_server_removes_what_a_killed_one_left(tmp_path: Path) -> None:
    """Proves: a folder goes with its server, killed or not. Sensitivity: one whose server lives stays."""
    (tmp_path / "optalloc-serve-notes").mkdir()
    run = [sys.executable, "-c", HOLD, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    killed, living = (subprocess.Popen(run, **pipes) for _ in range(2))
    names = [child.stdout.readline().strip() for child in (killed, living)]
    killed.kill()
    killed.wait()
    kept = {"optalloc-serve-notes", names[1]}
    assert {f.name for f in tmp_path.iterdir()} == {*kept, names[0]}
    with own_folder(tmp_path) as own:
        assert {f.name for f in tmp_path.iterdir()} == {*kept, own.name}
        assert stat.S_IMODE(own.stat().st_mode) == 0o700
        assert (tmp_path / names[1] / "book.xlsx").exists()
    living.communicate()
    killed.stdin.close()
    killed.stdout.close()
    assert {f.name for f in tmp_path.iterdir()} == {"optalloc-serve-notes"}
