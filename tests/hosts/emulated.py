"""An emulated machine for tests: a real daemon in a process of its own."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from hosts.process import die_with_parent


@contextmanager
def machine(directory: Path, guests: Sequence[int], under: Sequence[str] = ()) -> Iterator[Path]:
    """The machine's folder, while its daemon runs; a daemon that fails, or leaves anything, fails the test.

    `under` is a command that is to start the daemon, such as one that sets limits.
    """
    arguments = [*under, sys.executable, "-m", "hosts.emu", str(directory), "--guests", ",".join(map(str, guests))]
    daemon = subprocess.Popen(
        arguments,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=die_with_parent,  # noqa: PLW1509  # tests have no threads
    )
    try:
        assert daemon.stdout is not None
        line = daemon.stdout.readline()
        assert line == "ready\n", daemon.communicate()[1]
        yield directory
    finally:
        daemon.terminate()
        _, errors = daemon.communicate(timeout=10)
    assert daemon.returncode == 0, errors
    assert "Traceback" not in errors, errors
    assert not list(directory.iterdir()), "sockets are left"
