"""One host's part of a fleet, in a process of its own: `python -m compose.fleet.one SCENARIO HOST OUT SEED`.

It is to a host what `vsnd run` is to one machine, and leaves the same in the host's folder.  What is added: it waits
with each run for the others, and measures the host's clocks before and after.

Why a process: hosts are independent of each other, so one that hangs or fails takes nobody along, and what an engine
is slow to answer is waited for here alone.

On stdout it says "ready" when a run could begin, and awaits a line; "at S" while S seconds of it have passed;
"measuring" when it is over.  SIGTERM and SIGINT end it, once its containers are removed.
"""

import signal
import sys
import time
from pathlib import Path

import msgspec

from backend.config import ConfigError
from backend.latency.build import build
from backend.latency.comparison.build import compare_sets
from backend.latency.comparison.folders import RunSet
from backend.latency.facts import FACTS, write_facts
from backend.latency.files import replace_file
from compose.facts import Block
from compose.fleet.clock import HostClock
from compose.fleet.engines import find_engine, need_image
from compose.fleet.report import TIMING
from compose.fleet.split import host_blocks
from compose.fleet.timing import Clocks, Timing
from compose.otherwise import settle
from compose.scenario import read_scenario
from compose.worlds.api import RunError
from compose.worlds.docker import DockerWorld
from hosts.api import HostError

INTERRUPTED = 130


class Host:
    """What goes on with the runs of one host."""

    def __init__(self, clock: HostClock) -> None:
        self._clock = clock
        self._before: Clocks | None = None
        self._go_ns = 0

    def wait_for_others(self) -> None:
        """Say that a run could begin, and wait until it is to.  Raises RunError."""
        self._before = self._clock.ask()
        say("ready")
        if not sys.stdin.readline():
            raise KeyboardInterrupt  # whoever started us is gone
        self._go_ns = time.monotonic_ns()

    def run(self, world: DockerWorld, block: Block) -> None:
        """One run, and all that is made of it.  Raises RunError, HostError, OSError."""
        facts = world.run(block, lambda passed_s: say(f"at {passed_s:.1f}"))
        say("measuring")
        assert self._before is not None
        timing = Timing(self._go_ns, self._before, self._clock.ask())
        replace_file(block.out / TIMING, msgspec.json.encode(timing))
        write_facts(facts, block.out / FACTS)
        build(block.out, facts)


def be_host(path: Path, name: str, out: Path, seed: int) -> None:
    """Run the scenario's part for the host of that name.  Raises ConfigError, RunError, HostError, OSError."""
    scenario, _ = settle(read_scenario(path))
    spec = next(host for host in scenario.hosts if host.name == name)
    blocks = list(host_blocks(scenario, spec, path.parent, out, seed))
    engine = find_engine(spec)
    image = need_image(engine)
    with HostClock(engine, image) as clock:
        host = Host(clock)
        world = DockerWorld(engine, image, host.wait_for_others)
        for block in blocks:
            block.out.mkdir(parents=True, exist_ok=True)
            host.run(world, block)
    if len(blocks) > 1:
        compare_sets([RunSet("", tuple(block.out for block in blocks))], out / name)


def first(failure: BaseException) -> BaseException:
    """What went wrong first: where an engine is gone, removing what is there fails, too."""
    found, error = failure, failure.__context__
    while error is not None:
        if isinstance(error, RunError):
            found = error
        error = error.__context__
    return found


def say(line: str) -> None:
    """Tell whoever started us."""
    print(line, flush=True)  # noqa: T201  # stdout is the line to the fleet


def main() -> None:
    """Be the host that the arguments name."""
    path, name, out, seed = sys.argv[1:]
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, signal.default_int_handler)
    try:
        be_host(Path(path), name, Path(out), int(seed))
    except (ConfigError, RunError, HostError, OSError) as failure:
        sys.exit(" ".join(str(first(failure)).split()))
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
