"""`python -m hosts.emu DIR --guests 1,2,3`: be an emulated machine.  Says "ready" on stdout once it is."""

import argparse
import logging
import sys
from pathlib import Path

from hosts.emu.hostd import run_hostd


def main() -> None:
    """Run until SIGTERM or SIGINT."""
    parser = argparse.ArgumentParser(prog="hosts.emu", description="An emulated machine.")
    parser.add_argument("directory", type=Path)
    parser.add_argument("--guests", default="1", help="domids, separated by commas")
    options = parser.parse_args()
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    try:
        guests = [int(domid) for domid in str(options.guests).split(",")]
        run_hostd(options.directory, guests, lambda: print("ready", flush=True))  # noqa: T201  # for who started us
    except ValueError:
        sys.exit(f"--guests: {options.guests!r}; want domids, separated by commas")
    except OSError as error:
        sys.exit(f"{options.directory}: {error.strerror}")


if __name__ == "__main__":
    main()
