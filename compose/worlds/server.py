"""A run's own sound server, as a child process: started, killed by a fault, and started again.

It is a process of this machine in every world.  In the world docker Dom0 is given its folder, and so finds the socket
of the next one there, which a socket that was passed in by itself would not be.
"""

from pathlib import Path

import msgspec

from compose.children import Child
from compose.soundserver import SoundServer, check_program, socket_in
from compose.waiting import wait_for
from compose.worlds.api import RunError

NAME = "sound-server"


class Server:
    """The server in `folder`, which says what it has to say in the folder `logs`."""

    def __init__(self, server: SoundServer, folder: Path, logs: Path) -> None:
        """Start it, and wait until it listens.  Raises ConfigError where there is no such program, RunError."""
        check_program()
        self.folder = folder
        self._logs = logs
        self._plan = folder / f"{NAME}.json"
        self._plan.write_bytes(msgspec.json.encode(server))
        self.start()
        socket = socket_in(folder)
        wait_for(lambda: socket.exists() or self._child.has_ended)
        if not socket.exists():
            said = self._child.last_words()
            self.end()
            raise RunError(f"the sound server did not start: {said}")

    def start(self) -> None:
        """Start it, and do not wait."""
        arguments = "compose.soundserver", str(self.folder), str(self._plan)
        self._child = Child(NAME, arguments, self._logs / f"{NAME}.log")

    def kill(self) -> None:
        """As by kill -9."""
        self._child.kill()
        self._child.end()  # which lets go of its pipes

    def end(self) -> None:
        """In order."""
        self._child.end()
