"""`python -m tests.fuzz TARGET [--runs N] [--seconds S]`: fuzz one target with coverage as the guide (atheris).

What finds new code is kept in the folder of `--found`; what is worth keeping for ever goes into `corpus/TARGET`.
A crash leaves its input in the current folder, named in the last line; `--replay FILE` runs it alone.
"""

import argparse
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["ringproto", "hosts", "backend", "compose", "tests.fuzz"]):
    from tests.fuzz.dom0 import CORPUS
    from tests.fuzz.seeds import SEEDS
    from tests.fuzz.targets import TARGETS

INPUT_OCTETS_MAX = 4096


def main() -> None:
    """Fuzz what the arguments name, until the runs or the seconds are over, or something breaks."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("target", choices=TARGETS)
    parser.add_argument("--runs", type=int, default=-1)
    parser.add_argument("--seconds", type=int, default=0)
    parser.add_argument("--found", type=Path, default=Path("out/fuzz"))
    parser.add_argument("--replay", type=Path)
    asked = parser.parse_args()
    target = TARGETS[asked.target]
    if asked.replay is not None:
        target(asked.replay.read_bytes())
        return
    asked.found.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[asked.target]):
        (asked.found / f"seed-{number}").write_bytes(seed)
    folders = [str(asked.found), str(CORPUS / asked.target)]
    limits = [f"-runs={asked.runs}", f"-max_total_time={asked.seconds}", f"-max_len={INPUT_OCTETS_MAX}"]
    always = ["-print_final_stats=1", "-timeout=30", "-rss_limit_mb=1024"]
    atheris.Setup([sys.argv[0], *always, *limits, *folders], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
