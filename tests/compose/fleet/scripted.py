"""A worker that does as its arguments say, one after the other: `python -m tests.compose.fleet.scripted WORDS...`."""

import sys
import time
from pathlib import Path


def main() -> None:
    for word in sys.argv[1:]:
        verb, _, what = word.partition("=")
        if verb == "ready":
            print("ready", flush=True)
            assert sys.stdin.readline() == "go\n"
        elif verb == "await":
            while not Path(what).exists():
                time.sleep(0.01)
        elif verb == "say":
            print(what, flush=True)
        elif verb == "fail":
            sys.exit(f"some line\n{what}")
        elif verb == "hang":
            sys.stdin.read()


if __name__ == "__main__":
    main()
