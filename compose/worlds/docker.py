"""The docker world: every domain a container on a Docker engine, real time, with limits that hold.

All goes as in the processes world: the same commands run inside, and the same faults are done.  What is added:
isolation, a share of a CPU and memory for each guest from the scenario, and in the facts what each container was
allowed, took and was denied.

Nothing is left on the engine, whatever happens: what we cannot remove since we were killed, the next run does.
"""

from collections.abc import Callable

import msgspec
from docker.models.images import Image

from backend.latency.facts import Container, Facts, FaultFacts
from backend.report import read_report
from compose.facts import Block, gather
from compose.faults import Kind
from compose.lab.breaking import Breaking
from compose.lab.cgroup import LOGS, Figures
from compose.lab.engine import Engine, connect, engine_errors
from compose.lab.image import ready_image
from compose.lab.lab import Lab
from compose.lab.labels import sweep
from compose.lab.specs import DOM0_MEMORY_MB, GUEST_MEMORY_MB
from compose.load import processes as loading
from compose.scenario import GuestSpec
from compose.worlds.api import OnProgress, RunError
from compose.worlds.invariants import check_run
from compose.worlds.playing import play
from compose.worlds.processes import ProcessesWorld, read_reports
from compose.worlds.witness import Broken, problems_of


class DockerWorld:
    """Guests and Dom0 as containers of `engine`, made of `image`."""

    name = "docker"
    breaks: frozenset[Kind] = ProcessesWorld.breaks
    limits = True

    def __init__(self, engine: Engine, image: Image, wait_for_others: Callable[[], None] = lambda: None) -> None:
        """`wait_for_others` is called when all are ready to begin, and returns when they are to."""
        self._engine = engine
        self._image = image
        self._wait_for_others = wait_for_others

    def run(self, block: Block, on_progress: OnProgress) -> Facts:
        """Run the block.

        Raises RunError naming the guest that failed, InvariantError when a rule was broken that faults must not break.
        """
        with Lab(self._engine, str(self._image.id), block) as lab:
            lab.start()
            self._wait_for_others()
            machine = Breaking(lab)
            with engine_errors("watching the guests"):
                faults = play(machine, block, on_progress)
                failed = [guest for guest in lab.guests.values() if guest.ended().exit_code]
                lines = [f"{guest.name} failed: {guest.last_words()}" for guest in failed]
            if lines:
                raise RunError(f"{'; '.join(lines)} (logs: {block.out / LOGS})")
            lab.finish()
            return self._gather(lab, faults, Broken(lab.restarts, machine.backends))

    def _gather(self, lab: Lab, faults: list[FaultFacts], broken: Broken) -> Facts:
        block = lab.block
        reports = read_reports(block)
        if faults:
            check_run(block.seed, problems_of(block, reports, broken))
        load = loading.report(block.out)
        facts = gather(block, self.name, read_report(block.out / "backend.json"), reports, load, faults)
        guests = [
            msgspec.structs.replace(guest, container=self._guest(spec, lab.figures(lab.guests[spec.id])))
            for guest, spec in zip(facts.guests, block.scenario.guests, strict=True)
        ]
        dom0 = self._container(lab.figures(lab.dom0), DOM0_MEMORY_MB)
        return msgspec.structs.replace(
            facts, guests=guests, backend=msgspec.structs.replace(facts.backend, container=dom0)
        )

    def _guest(self, spec: GuestSpec, figures: Figures | None) -> Container:
        container = self._container(figures, spec.memory_mb or GUEST_MEMORY_MB)
        return msgspec.structs.replace(container, cpu_limit=spec.cpu_limit, cpus=spec.realtime.cpus)

    def _container(self, figures: Figures | None, memory_mb: int) -> Container:
        counted = msgspec.structs.asdict(figures) if figures else {}
        return Container(image=str(self._image.id), memory_limit_octets=memory_mb << 20, **counted)


def local_world(say: Callable[[str], None]) -> DockerWorld:
    """On the engine that the `docker` command would use; `say` hears what takes long.  Raises ConfigError, RunError."""
    engine = connect()
    image = ready_image(engine, say)
    with engine_errors("removing what killed runs left"):
        sweep(engine.client)
    return DockerWorld(engine, image)
