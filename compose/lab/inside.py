"""Inside a container that is not Dom0: `python -m compose.lab.inside MODULE ARGS...`, or no arguments to be idle.

The module is the same that the processes world starts, with the same arguments.  When it ends, however it does, what
its control group counted is left in the output folder; nobody can ask for that afterwards.

The end of stdin says that whoever started us is gone, and so are we then.
"""

import os
import select
import signal
import sys
import threading
from importlib import import_module
from pathlib import Path

from compose.lab.cgroup import leave_figures

OUT = Path("/out")


def main() -> None:
    """Be that module."""
    if len(sys.argv) == 1:
        idle()
        return
    del sys.argv[0]
    module = import_module(sys.argv[0])
    threading.Thread(target=end_with_stdin, daemon=True).start()
    try:
        module.main()
    finally:
        leave_figures(OUT)


def end_with_stdin() -> None:
    """Wait for nobody to hold its other end any more, and end.  What is said there is left to others to read."""
    hung_up = select.poll()
    hung_up.register(0, 0)
    hung_up.poll()
    os.kill(os.getpid(), signal.SIGTERM)


def idle() -> None:
    """Wait to be told to end, while others are started beside us."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # as process 1 we inherit orphans: have the kernel bury them
    signal.signal(signal.SIGTERM, lambda caught, frame: sys.exit(0))
    print("ready", flush=True)  # noqa: T201  # stdout is the line to the world
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
