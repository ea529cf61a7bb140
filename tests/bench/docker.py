"""What containers cost: the docker world against the processes world, by turns, on one machine.

    python -m tests.bench.docker

Each round runs all three, in an order that turns with the rounds, so that what a shared machine does meanwhile meets
them alike.  A ratio is that of two runs of one round; the figure is the median ratio.

    docker      every domain a container
    together    all domains as processes in one container, of the same image: the same Python, and the same weight
                against everybody else on the machine, for the kernel's scheduler gives a weight to each container
    processes   all domains as processes of this machine, with the Python that runs here

So docker over together is what the walls between domains cost, and together over processes is what another Python
and the scheduler's grouping do.  Then 32 guests with periods of 10 ms, once each.  In the end nothing may be left.
"""

import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from docker.types import Mount

from backend.latency.build import build
from backend.latency.result import Result, read_result
from compose.facts import Block
from compose.lab.engine import Engine, connect
from compose.lab.files import packed, unpack
from compose.lab.image import ready_image
from compose.lab.labels import RUN, new_run, remove_run, run_labels
from compose.worlds.api import World
from compose.worlds.docker import DockerWorld
from compose.worlds.processes import ProcessesWorld
from tests.bench.scenarios import alike, music

ROUNDS = 7
GUESTS, SECONDS = 3, 5.0
MANY, MANY_SECONDS = 32, 10.0

Figures = dict[str, float]
RunBlock = Callable[[Block], Result]

SCENARIO = """
name = "{guests} guests"
duration_s = {seconds}
[devices.speaker]
kind = "clocked"
period_frames = 480
buffer_frames = 3840
"""
GUEST = """
[[guests]]
id = {id}
[[guests.streams]]
device = "speaker"
plays = "melody.flac"
buffer_frames = 3840
"""


def in_world(world: World) -> RunBlock:
    """Runs a block there."""

    def run(block: Block) -> Result:
        return build(block.out, world.run(block, lambda passed_s: None))

    return run


def together(engine: Engine, image: str) -> RunBlock:
    """Runs a block of such guests in one container."""

    def run(block: Block) -> Result:
        guests = [guest.id for guest in block.scenario.guests]
        text = SCENARIO.format(guests=len(guests), seconds=block.scenario.duration_s)
        text += "".join(GUEST.format(id=domid) for domid in guests)
        labels = run_labels(new_run())
        container = engine.client.containers.create(
            image, ["python", "-m", "compose.cli", "run", "/out/these.toml", "--out", "/out/run"],
            labels=labels, network_mode="none", tmpfs={"/tmp": ""},
            mounts=[Mount("/out", f"vsnd-{labels[RUN]}-out", labels=labels)],
        )  # fmt: skip
        try:
            container.put_archive("/out", packed({"these.toml": text.encode()}))
            container.start()
            status = container.wait()["StatusCode"]
            assert status == 0, container.logs().decode()
            unpack(container.get_archive("/out/run")[0], block.out, {"result.json"}.__contains__)
            return read_result(block.out / "result.json")
        finally:
            remove_run(engine.client, labels[RUN])

    return run


def measured(run: RunBlock, guests: int, seconds: float) -> Figures:
    """Medians over the guests' streams, and what went wrong."""
    with tempfile.TemporaryDirectory() as folder:
        block = alike(guests, seconds, Path(folder), music())
        began_s = time.monotonic()
        result = run(block)
        return figures(result) | {"beside_the_sound_s": round(time.monotonic() - began_s - seconds, 1)}


def figures(result: Result) -> Figures:
    """Those of one run."""
    streams = [stream for guest in result.guests for stream in guest.streams]
    found: Figures = {"underruns": sum(stream.underruns for stream in streams)}
    for name in ("notification_delay_ns", "period_lateness_ns", "playback_delay_ns"):
        for quantile in ("p50", "p90"):
            values = [getattr(getattr(stream, name), quantile) for stream in streams]
            found[f"{name[:-3]}_{quantile}_us"] = round(median(values) / 1e3, 1)
    latest = [stream.period_lateness_ns.max for stream in streams if stream.period_lateness_ns is not None]
    found["period_lateness_max_ms"] = round(max(latest) / 1e6, 1)
    return found


def main() -> None:
    """Compare, and print JSON."""
    engine = connect()
    image = ready_image(engine, lambda line: print(line, file=sys.stderr))
    ways: dict[str, RunBlock] = {
        "docker": in_world(DockerWorld(engine, image)),
        "together": together(engine, str(image.id)),
        "processes": in_world(ProcessesWorld()),
    }
    rounds: list[dict[str, Figures]] = []
    for number in range(ROUNDS):
        names = sorted(ways)[number % 3 :] + sorted(ways)[: number % 3]
        rounds.append({name: measured(ways[name], GUESTS, SECONDS) for name in names})
        print(f"round {number + 1} of {ROUNDS}", file=sys.stderr)
    medians = {
        name: {key: round(median(one[name][key] for one in rounds), 1) for key in rounds[0][name]} for name in ways
    }
    many = {name: measured(way, MANY, MANY_SECONDS) for name, way in ways.items()}
    print(json.dumps({
        "docker_over_together": ratios(rounds, "docker", "together"),
        "together_over_processes": ratios(rounds, "together", "processes"),
        "docker_over_processes": ratios(rounds, "docker", "processes"),
        "three_guests": medians,
        "guests_32": many,
        "left": left(engine),
    }, indent=2))  # fmt: skip


def ratios(rounds: list[dict[str, Figures]], one: str, other: str) -> Figures:
    """The median over the rounds, for each delay."""
    keys = [key for key in rounds[0][one] if key.endswith("_us")]
    return {key: round(median(these[one][key] / these[other][key] for these in rounds), 2) for key in keys}


def left(engine: Engine) -> int:
    """Containers, volumes and networks of any run that are still there."""
    wanted: dict[str, str | list[str] | bool] = {"label": RUN}
    client = engine.client
    return (
        len(client.containers.list(all=True, filters=wanted))
        + len(client.volumes.list(filters=wanted))
        + len(client.networks.list(filters=wanted))
    )


if __name__ == "__main__":
    main()
