"""Asking a host what time it is there: see `timing` for what its answers say."""

import time
from typing import Self

from docker.models.images import Image

from compose.fleet.timing import Clocks, Reading, offset
from compose.lab.box import Box
from compose.lab.engine import Engine, engine_errors
from compose.lab.labels import new_run, remove_run, run_labels
from compose.lab.specs import any_container, limits
from compose.worlds.api import RunError

EXCHANGES = 32
ANSWER_LIMIT_S = 10.0
MEMORY_MB, PIDS = 64, 8


class HostClock:
    """A container on a host that is asked for the time there."""

    def __init__(self, engine: Engine, image: Image) -> None:
        self._engine = engine
        self._run = new_run()
        labels = run_labels(self._run)
        self._options = any_container(labels, "clock", ["compose.fleet.telltime"]) | limits(MEMORY_MB, PIDS)
        self._image = str(image.id)
        self._box: Box | None = None

    def __enter__(self) -> Self:
        try:
            with engine_errors("starting a clock"):
                self._box = Box.create(self._engine, self._image, self._options)
                self._box.start()
                self._box.wait_ready()
        except BaseException:
            self._remove()
            raise
        return self

    def ask(self) -> Clocks:
        """How far both clocks are from ours.  Raises RunError."""
        assert self._box is not None
        monotonic: list[Reading] = []
        wall: list[Reading] = []
        boot = ""
        for _ in range(EXCHANGES):
            before_ns, wall_before_ns = time.monotonic_ns(), time.time_ns()
            self._box.say("?")
            there_ns, wall_there_ns, boot = parsed(self._box.next_line(ANSWER_LIMIT_S))
            wall_after_ns, after_ns = time.time_ns(), time.monotonic_ns()
            monotonic.append(Reading(before_ns, there_ns, after_ns))
            wall.append(Reading(wall_before_ns, wall_there_ns, wall_after_ns))
        return Clocks(time.monotonic_ns(), offset(monotonic), offset(wall), boot)

    def __exit__(self, *exc_info: object) -> None:
        self._remove()

    def _remove(self) -> None:
        if self._box is not None:
            self._box.close()
        with engine_errors("removing the clock"):
            remove_run(self._engine.client, self._run)


def parsed(line: str) -> tuple[int, int, str]:
    """What `telltime` answers.  Raises RunError."""
    try:
        monotonic_ns, wall_ns, boot = line.split()
        return int(monotonic_ns), int(wall_ns), boot
    except ValueError as error:
        raise RunError(f"the clock says {line!r}; want two times and a boot's id") from error
