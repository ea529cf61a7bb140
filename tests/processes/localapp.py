"""A local application for tests: `python -m tests.processes.localapp SOCKET NAME CHANNEL`.

On its own channel of four it plays numbers by which each sample tells its place.  It says "ready" once it is heard, and
then does what it is told, line by line; of everything that comes of it a line of JSON is said.
"""

import sys
from pathlib import Path

import msgspec
import numpy as np

from frontend.local import FloatArray, LocalClient, LocalParams, connect
from hosts.api import HostError
from ringproto.local.region import Word

NUMBERS = 30_000
CHANNELS = 4


class Numbers:
    """Sample `1 + place % NUMBERS`, in 16 bits."""

    def __init__(self, client: LocalClient, channel: int) -> None:
        self._client = client
        self._channel = channel

    def process(self, _input: FloatArray, output: FloatArray, frames: int) -> None:
        """Write the next ones."""
        places = self._client.frame + np.arange(frames)
        output[:, self._channel] = (1 + places % NUMBERS) / 32768


def obey(client: LocalClient, word: str) -> object:
    """Do one thing; what came of it."""
    if word == "corrupt":
        client._cycle._words[Word.PRODUCED] = 1 << 62
    elif word == "count":
        return client.statistics()
    elif word == "end":
        try:
            client.wait(20.0)
        except HostError as end:
            return {"errno": end.errno, "why": end.strerror}
    return {}


def main() -> None:
    """Be the application."""
    socket, name, channel = sys.argv[1:]
    with connect(Path(socket), LocalParams(name, playback_channels=CHANNELS)) as client:
        client.start(Numbers(client, int(channel)).process)
        print("ready", flush=True)
        for line in sys.stdin:
            print(msgspec.json.encode(obey(client, line.strip())).decode(), flush=True)


if __name__ == "__main__":
    main()
