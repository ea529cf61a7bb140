"""`python -m tests.fuzz TARGET [--runs N] [--seconds S]`: fuzz one target with coverage as the guide (atheris).

What reaches new code is kept in the folder of `--found`, and so is the input of a crash, which `--replay FILE` runs
alone.  See tests/fuzz/keep.py for what becomes the corpus.
"""

import argparse
import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["ringproto", "hosts", "backend", "frontend"]):
    from tests.fuzz.seeds import SEEDS
    from tests.fuzz.targets import CORPUS, TARGETS

OCTETS_MAX = 2048


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
    found = asked.found / asked.target
    found.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(SEEDS[asked.target]):
        (found / f"seed-{number}").write_bytes(seed)
    limits = [f"-runs={asked.runs}", f"-max_total_time={asked.seconds}", f"-max_len={OCTETS_MAX}", "-len_control=0"]
    always = ["-print_final_stats=1", "-timeout=30", "-rss_limit_mb=1024", f"-artifact_prefix={found}/"]
    atheris.Setup([sys.argv[0], *always, *limits, str(found), str(CORPUS / asked.target)], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
