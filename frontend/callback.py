"""A guest's PCMs as a stream that calls back: `process(input, output, frames)` for every period.

    stream = CallbackStream(process, playback=pcm)
    stream.run()                                   # until `process` calls stream.stop()

The third style beside blocking (`pcm.write`, `pcm.read`) and not blocking (`write_nowait`, `read_nowait`, `on_period`).
With both PCMs a period is played for each that is recorded, and the first is heard when the playback's buffer is full.
"""

from errno import EINVAL

import numpy as np

from frontend.capture import CapturePcm
from frontend.params import octets_of
from frontend.playback import PlaybackPcm
from frontend.process import FloatArray, Process
from hosts.api import HostError
from hosts.tasks import run
from ringproto.formats import Format


class CallbackStream:
    """Calls `process` whenever a period was recorded and there is room to play one.

    The PCMs are open, of format float_le, and of the same rate and period; they stay the application's to close.
    Raises HostError(EINVAL) otherwise.
    """

    def __init__(
        self, process: Process, playback: PlaybackPcm | None = None, capture: CapturePcm | None = None
    ) -> None:
        pcms: list[PlaybackPcm | CapturePcm] = [pcm for pcm in (playback, capture) if pcm is not None]
        _check(pcms)
        self._process = process
        self._playback = playback
        self._capture = capture
        self._loop = pcms[0].loop
        self._period_frames = pcms[0].params.period_frames
        self._input = self._block(capture)
        self._output = self._block(playback)
        self._input_octets = octets_of(self._input)
        self._stopped = False

    def stop(self) -> None:
        """Have `run` return once all that was written has been played.  To be called on the stream's own thread."""
        self._stopped = True

    async def arun(self) -> None:
        """Call `process` until stopped.  Raises HostError when the backend has gone, and what `process` raises."""
        self._stopped = False
        while not self._stopped:
            await self._period()
        if self._capture is not None:
            await self._capture.astop()
        if self._playback is not None:
            await self._playback.adrain()

    def run(self) -> None:
        """The same, blocking."""
        run(self._loop, self.arun())

    async def _period(self) -> None:
        if self._capture is not None:
            await self._capture.aready(self._period_frames)
        if self._playback is not None:
            await self._playback.aroom(self._period_frames)
        if self._capture is not None:
            self._capture.read_into(self._input_octets)
        self._process(self._input, self._output, self._period_frames)
        if self._playback is not None:
            await self._playback.awrite(self._output)

    def _block(self, pcm: PlaybackPcm | CapturePcm | None) -> FloatArray:
        return np.zeros((self._period_frames, 0 if pcm is None else pcm.params.channels), np.float32)


def _check(pcms: list[PlaybackPcm | CapturePcm]) -> None:
    if not pcms:
        raise HostError(EINVAL, "playback, capture: none, want at least one")
    for pcm in pcms:
        if pcm.params.format is not Format.FLOAT_LE:
            raise HostError(EINVAL, f"format: {pcm.params.format.xen_name}, want float_le")
    if len({(pcm.params.rate_hz, pcm.params.period_frames) for pcm in pcms}) > 1:
        raise HostError(EINVAL, "rate_hz, period_frames: playback and capture differ, want the same")
