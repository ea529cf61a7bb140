"""`python -m tests.explore FIRST COUNT`: so many seeds of `compose/scenarios/explore.toml`, and which of them break.

A seed that breaks is repeated by `python -m tests.explore SEED 1`; and with its report, if its pacing is the
scenario's, by `vsnd run compose/scenarios/explore.toml --world sim --seed SEED`.
"""

import sys

from tests.explore.seeds import explore


def main() -> None:
    """Explore what the arguments say; the status is 1 when a seed broke."""
    first, count = int(sys.argv[1]), int(sys.argv[2])
    broken = 0
    for seed in range(first, first + count):
        problem = explore(seed)
        if problem is not None:
            broken += 1
            print(f"BROKEN {problem}", flush=True)
    print(f"{count} seeds, {broken} broken")
    sys.exit(broken > 0)


if __name__ == "__main__":
    main()
