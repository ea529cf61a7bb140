"""A hostile guest that waits to be let in: `python -m compose.chaos.hostile PLAN REPORT`, then a line on stdin.

From that line on it is what the load `flood` is.  It is started beforehand, since Python takes longer to start than
many a fault lasts.
"""

import sys

from compose.load import flood


def main() -> None:
    """Wait, then flood."""
    print("ready", flush=True)  # noqa: T201  # stdout is the line to the world
    if sys.stdin.readline():
        flood.main()


if __name__ == "__main__":
    main()
