"""`vsnd run --world docker` of a scenario with hosts: everything made ready, played, gathered; and `vsnd report` of it.

OUT/fleet.json, OUT/report.html    by host: who was late, who was lost, what can be compared
OUT/HOST/                          what a run on that machine alone would have left
"""

import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from docker.models.images import Image
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from backend.latency.build import RESULT
from compose.facts import Block
from compose.fleet.engines import copy_image, find_engine
from compose.fleet.page import REPORT, write_page
from compose.fleet.play import play
from compose.fleet.report import FLEET, TIMING, gather, write_fleet
from compose.fleet.show import table
from compose.fleet.spec import HostSpec
from compose.fleet.split import host_blocks
from compose.fleet.worker import Worker
from compose.lab.engine import Engine, engine_errors
from compose.lab.image import ready_image
from compose.lab.labels import sweep
from compose.report.gate import Gate
from compose.run import check_breaks, make_folder
from compose.scenario import Scenario
from compose.worlds.api import RunError
from compose.worlds.docker import DockerWorld

LOG = "host.log"
"""In a host's folder: what its process said."""


def run_fleet(path: Path, scenario: Scenario, out: Path, seed: int, gate: Gate) -> None:
    """Run the scenario on its hosts, and say what came out.

    Raises ConfigError, OSError; RunError where nothing came to its end, or, after all is gathered, a host was lost.
    """
    engines = [find_engine(host) for host in scenario.hosts]
    check_breaks(scenario, DockerWorld(engines[0], _image(engines)), str(path))
    blocks = {host.name: list(host_blocks(scenario, host, path.parent, out, seed)) for host in scenario.hosts}
    for host in scenario.hosts:
        make_folder(out / host.name)
        for block in blocks[host.name]:
            _clear(block.out)
    with _workers(path, scenario.hosts, out, seed) as workers, Bars(workers, blocks[workers[0].name]) as bars:
        lost = play(workers, bars.show)
    fleet = gather(out, scenario.name, [(host.name, host.engine, lost.get(host.name, "")) for host in scenario.hosts])
    write_fleet(fleet, out / FLEET)
    write_page(fleet, out / REPORT)
    console = Console()
    console.print(table(fleet))
    console.print(f"Everything is in {out}: open {out / REPORT} in a browser.", soft_wrap=True, markup=False)
    try:
        gate.judge([out / run.folder for host in fleet.hosts for run in host.runs])
    finally:  # rules may have been broken, too
        if lost:
            raise RunError("; ".join(f"host {name} was lost: {why}" for name, why in lost.items()))


def _image(engines: Sequence[Engine]) -> Image:
    """The image, on all of them; what killed runs left is removed.  Raises ConfigError, RunError."""
    for engine in engines:
        with engine_errors("removing what killed runs left"):
            sweep(engine.client)
    image = ready_image(engines[0], _say)
    columns = TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn()
    with Progress(*columns, transient=True) as progress:
        for engine in engines[1:]:
            task = progress.add_task(f"image to {engine.address}", total=image.attrs["Size"])
            copy_image(image, engine, lambda octets: progress.update(task, completed=octets))  # noqa: B023  # called at once
            progress.remove_task(task)
    return image


def _clear(folder: Path) -> None:
    """Nothing of an earlier run must be taken for this one's, should that be lost."""
    for name in (RESULT, TIMING):
        (folder / name).unlink(missing_ok=True)


@contextmanager
def _workers(path: Path, hosts: Sequence[HostSpec], out: Path, seed: int) -> Generator[list[Worker]]:
    """A process for each host; all of them end together, and each removes its containers."""
    workers: list[Worker] = []
    try:
        for host in hosts:
            arguments = "compose.fleet.one", str(path), host.name, str(out), str(seed)
            workers.append(Worker(host.name, arguments, out / host.name / LOG))
        yield workers
    finally:
        for worker in workers:
            worker.ask_to_end()
        for worker in workers:
            worker.end()


class Bars:
    """How far each host is."""

    def __init__(self, workers: Sequence[Worker], blocks: Sequence[Block]) -> None:
        columns = TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[at]}"), TimeRemainingColumn()
        self._progress = Progress(*columns, transient=True)
        self._duration_s, self._runs = blocks[0].scenario.duration_s, len(blocks)
        total_s = self._duration_s * self._runs
        self._tasks: dict[str, TaskID] = {
            worker.name: self._progress.add_task(worker.name, total=total_s, at="") for worker in workers
        }

    def show(self, workers: Sequence[Worker]) -> None:
        """As they are now."""
        for worker in workers:
            run = f"run {worker.runs} of {self._runs}: " if self._runs > 1 and worker.runs else ""
            passed_s = max(worker.runs - 1, 0) * self._duration_s + worker.at_s
            self._progress.update(self._tasks[worker.name], completed=passed_s, at=run + worker.doing)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._progress.stop()


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)  # noqa: T201
