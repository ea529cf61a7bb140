"""PCMs of alsa-lib's `pulse` plugin, with a private daemon behind them that takes time as a card does."""

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from backend.devices.alsa.libasoundpcm import LibasoundPcm
from backend.devices.api import DeviceParams
from ringproto.card import Direction
from ringproto.formats import Format
from tests.backend.devices.alsa.asound import asound
from tests.backend.devices.pulsedaemon import pulse_daemon

PCMS = """
pcm.silent_when_dry {{ type pulse server "unix:{socket}" device speaker handle_underrun 0 }}
pcm.stops_when_dry {{ type pulse server "unix:{socket}" device speaker handle_underrun 1 }}
pcm.heard {{ type pulse server "unix:{socket}" device speaker.monitor }}
pcm.kept {{ type file slave.pcm silent_when_dry file "{folder}/kept.raw" format raw }}
pcm.mono {{ type plug slave {{ pcm silent_when_dry channels 1 }} }}
"""
PARAMS = DeviceParams(48000, 2, Format.S16_LE, 480, 1920)
LISTENER = DeviceParams(48000, 2, Format.S16_LE, 96, 384)


@contextmanager
def pulse_pcms(folder: Path) -> Generator[None, None, None]:
    """The PCMs above can be opened, in this process.

    A null sink that nobody hears renders 50 ms in one go, and whatever starts then waits for the end of those.  So
    somebody listens, in pieces of 2 ms: the longest that a stream waits for its start.
    """
    with pulse_daemon(folder) as socket, asound(folder, PCMS.format(socket=socket, folder=folder)):
        listener = LibasoundPcm("heard", LISTENER, Direction.CAPTURE)
        listener.read()
        try:
            yield
        finally:
            listener.close()
