"""A lab as the schedule breaks and mends it: containers through their engine, Dom0's inner parts through its toolstack.

Each of these takes as long as the engine takes to do it: 30 ms to pause a container, half a second to start one.  What
has come to its end meanwhile is left alone.
"""

from collections.abc import Generator, Mapping
from contextlib import contextmanager

from docker.errors import APIError, NotFound

from compose.lab.box import Box
from compose.lab.engine import engine_errors
from compose.lab.lab import Lab
from compose.lab.specs import throttled
from compose.load import processes as loading
from compose.worlds.server import Server

CONFLICT = 409
"""What an engine says of a container that is not in the state for it: it runs no more."""


class Breaking:
    """`compose.worlds.playing.Machine`, of a lab that was started."""

    def __init__(self, lab: Lab) -> None:
        self.backends = 1
        """How many were started."""
        self._lab = lab
        self._specs = {guest.id: guest for guest in lab.block.scenario.guests}
        self._hostiles = [guest.id for guest in loading.hostiles(lab.block)]

    @property
    def guests(self) -> Mapping[int, Box]:
        """By domid, as last started."""
        return self._lab.guests

    def go(self) -> None:
        """Let the guests begin."""
        for box in self._lab.guests.values():
            box.say("go")

    def missing(self) -> list[str]:
        """Which containers have ended by themselves, that are no guest's."""
        ended = [box for box in (self._lab.dom0, *self._lab.load) if box.has_ended]
        return [f"{box.name} ended early: {box.last_words()}" for box in ended]

    # -- Breakable ----------------------------------------------------------------------------------------------------

    def is_there(self, guest: int) -> bool:
        """Whether it still runs."""
        return not self.guests[guest].has_ended

    def pause(self, guest: int) -> None:
        """Its container is paused."""
        with _while_it_runs(f"pausing guest {guest}"):
            self.guests[guest].container.pause()

    def resume(self, guest: int) -> None:
        """It goes on."""
        with _while_it_runs(f"resuming guest {guest}"):
            self.guests[guest].container.unpause()

    def throttle(self, guest: int, share: float) -> None:
        """Its container has a quota of the processors' time."""
        with _while_it_runs(f"throttling guest {guest}"):
            self.guests[guest].container.update(**throttled(self._specs[guest], share))

    def kill(self, guest: int) -> None:
        """Its container is killed."""
        with _while_it_runs(f"killing guest {guest}"):
            self.guests[guest].kill()

    def start(self, guest: int, duration_s: float) -> None:
        """Another container takes its place."""
        with engine_errors(f"restarting guest {guest}"):
            self._lab.dom0.order(f"renew {guest}")
            self._lab.restart_guest(self._specs[guest], duration_s)

    def detach(self, guest: int) -> None:
        """Dom0's toolstack takes its card away."""
        self._lab.dom0.order(f"detach {guest}")

    def attach(self, guest: int) -> None:
        """It gives it a new one."""
        self._lab.dom0.order(f"attach {guest}")

    def kill_backend(self) -> None:
        """Its process in Dom0 is killed, and its virtual cards end with it."""
        self._lab.dom0.order("kill")

    def start_backend(self) -> None:
        """Another is started there."""
        self._lab.dom0.order("start")
        self.backends += 1

    def kill_sound_server(self) -> None:
        """Its process is killed."""
        self._server.kill()

    def start_sound_server(self) -> None:
        """It is started again."""
        self._server.start()

    @property
    def _server(self) -> Server:
        assert self._lab.server is not None  # the scenario has one, or no such fault
        return self._lab.server

    def appear(self, number: int) -> None:
        """The container that waits gets a card, and is let in."""
        self._lab.dom0.order(f"attach {self._hostiles[number]}")
        self._lab.hostile[number].say("go")

    def vanish(self, number: int) -> None:
        """It is killed."""
        with _while_it_runs(f"killing hostile guest {number}"):
            self._lab.hostile[number].kill()
        self._lab.dom0.order(f"remove {self._hostiles[number]}")


@contextmanager
def _while_it_runs(doing: str) -> Generator[None]:
    """Do this to a container, or nothing if it runs no more."""
    with engine_errors(doing):
        try:
            yield
        except NotFound:
            return
        except APIError as error:
            if error.status_code != CONFLICT:
                raise
