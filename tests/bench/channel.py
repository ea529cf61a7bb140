"""What shared rings save against the plain socket: system calls, round trips, messages per second, in one run.

    python -m tests.bench.channel

Two processes (`tests.hosts.channel.busy`), pinned to two CPUs where there are as many.  In `echo` each command waits
for its answer; in `stream` 200 follow each other and the last is answered.  Both ends wait as they do in life: some
looks more, then sleep.  A third pair of `echo`, "rest", sleeps at once, as two ends do that have nothing to say for
longer.  The ways run by turns, since a shared machine changes its speed from second to second; a ratio is that of two
runs next to each other, and the figure is the median ratio.
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

ROUNDS = {"echo": 4000, "stream": 20_000, "rest": 2000}
REPEATS = 7
MOODS = {"echo": "patient", "stream": "patient", "rest": "sleepy"}

Run = dict[str, float]


def measure() -> dict[str, float]:
    """For each of echo, stream and rest: us per round on either way, their ratio, and what the rings' sleeps were.

    With strace: system calls of both processes per message, when neither side ever sleeps and when both are patient.
    """
    figures: dict[str, float] = {}
    for what in ROUNDS:
        pairs = _pairs(what)
        figures[f"{what}_socket_us"] = median(socket["round_ns"] for socket, _ in pairs) / 1000
        figures[f"{what}_rings_us"] = median(rings["round_ns"] for _, rings in pairs) / 1000
        figures[f"{what}_ratio"] = median(rings["round_ns"] / socket["round_ns"] for socket, rings in pairs)
        figures[f"{what}_bells_per_post"] = median(rings["rings"] / rings["posts"] for _, rings in pairs)
    figures["stream_socket_per_s"] = 1e6 / figures["stream_socket_us"]
    figures["stream_rings_per_s"] = 1e6 / figures["stream_rings_us"]
    if shutil.which("strace") is not None:
        for way, mood in (("socket", "patient"), ("rings", "patient"), ("rings", "eager")):
            for what in ("echo", "stream"):
                figures[f"{what}_{way}_{mood}_calls"] = _calls_per_round(way, what, mood)
    return figures


def _pairs(what: str) -> list[tuple[Run, Run]]:
    """Runs on the socket and on the rings, by turns; who is first changes as well."""
    pairs: list[tuple[Run, Run]] = []
    for repeat in range(REPEATS):
        if repeat % 2:
            rings = _run("rings", what)
            pairs.append((_run("socket", what), rings))
        else:
            pairs.append((_run("socket", what), _run("rings", what)))
    return pairs


def _command(way: str, what: str, mood: str, rounds: int) -> list[str]:
    return [sys.executable, "-m", "tests.hosts.channel.busy", way, what, mood, str(rounds)]


def _run(way: str, what: str) -> Run:
    command = _command(way, what.replace("rest", "echo"), MOODS[what], ROUNDS[what])
    run: Run = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=100).stdout)
    return run


def _calls_per_round(way: str, what: str, mood: str) -> float:
    """What more rounds cost more, so that starting counts for nothing."""
    few, many = 1000, 11_000
    return (_calls(way, what, mood, many) - _calls(way, what, mood, few)) / (many - few)


def _calls(way: str, what: str, mood: str, rounds: int) -> int:
    with tempfile.TemporaryDirectory(prefix="vsnd-bench-") as folder:
        counted = Path(folder) / "strace"
        command = ["strace", "-f", "-c", "-o", str(counted), *_command(way, what, mood, rounds)]
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True, timeout=300)
        total = re.search(r"^ *100\.00 +\S+ +\S+ +(\d+) .*total$", counted.read_text(), re.MULTILINE)
    assert total is not None
    return int(total[1])


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
