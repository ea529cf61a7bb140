"""A node's task in a Swarm: `python -m compose.fleet.task SCENARIO`, as in stack.yaml.

All domains of the scenario are processes of this one container, since a task can start none beside itself.  What came
out goes to stdout as a compressed archive in base64: a Swarm brings the output of every node's task to whoever asks its
manager, and nothing else of it.  What is said meanwhile goes to stderr.

VSND_AT, if said, is when to begin, in seconds since 1970 by the node's own clock: how well tasks begin together is a
matter of how well their clocks agree.
"""

import base64
import os
import sys
import tarfile
import tempfile
import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import BinaryIO

from backend.config import ConfigError
from backend.latency.build import TRACES
from backend.latency.facts import FACTS
from compose.run import run_file
from compose.worlds.api import RunError
from hosts.api import HostError

OUT = Path(tempfile.gettempdir()) / "out"
"""A Swarm makes folders in memory root's; but anybody may write in one that was so before."""

LEAVES = (FACTS, TRACES, "logs/*.log", "*.wav")
"""What reports are built again from, of each run, and what explains a failure."""

LINE_OCTETS = 9000
"""In base64 12,000 characters: an engine's log splits lines of more than 16 KiB, and adds a hundred octets to each."""

AT_MAX_S = 3600.0


def wait_until(at: str) -> None:
    """Wait for the moment that VSND_AT says; not at all for one that is gone.  Raises ConfigError."""
    if not at:
        return
    try:
        wait_s = float(at) - time.time()
    except ValueError:
        raise ConfigError(f"VSND_AT: {at!r}: want seconds since 1970, as `date +%s` says them") from None
    if not wait_s <= AT_MAX_S:
        raise ConfigError(f"VSND_AT: {at} is more than {AT_MAX_S:g} s away by this node's clock")
    time.sleep(max(wait_s, 0))


def pack(folder: Path, to: BinaryIO) -> None:
    """Write the archive of what the runs in `folder` left.  Raises OSError."""
    with tarfile.open(fileobj=to, mode="w:gz") as archive:
        for path in _leaves(folder):
            archive.add(path, str(path.relative_to(folder)), recursive=False)


def encode(source: BinaryIO, to: BinaryIO) -> None:
    """Write it in base64, in lines."""
    while octets := source.read(LINE_OCTETS):
        to.write(base64.b64encode(octets) + b"\n")


def _leaves(folder: Path) -> Iterator[Path]:
    """Of a run in the folder itself, or of several below it."""
    for pattern in LEAVES:
        yield from sorted(path for place in (pattern, f"*/{pattern}") for path in folder.glob(place) if path.is_file())


def main() -> None:
    """Run, and hand over what came out; a refusal is one line."""
    status = 0
    try:
        wait_until(os.environ.get("VSND_AT", ""))
        with redirect_stdout(sys.stderr):
            run_file(Path(sys.argv[1]), "processes", OUT, None)
    except (ConfigError, RunError, HostError, OSError) as failure:
        print(f"vsnd: {failure}", file=sys.stderr)  # noqa: T201
        status = 1
    with tempfile.TemporaryFile() as archive:
        pack(OUT, archive)
        archive.seek(0)
        encode(archive, sys.stdout.buffer)
    sys.exit(status)


if __name__ == "__main__":
    main()
