"""A whole card over its memory, wherever that memory is: on simulated time, or in a process of its own."""

from pathlib import Path

from backend.devices.api import DeviceError
from backend.devices.clocked.cable import CableIn, CableOut
from backend.devices.clocked.card import Card
from backend.devices.clocked.dma import CaptureDma, Dma, PlaybackDma, Sink, Source
from backend.devices.clocked.options import ClockedOptions
from backend.devices.clocked.registers import Registers
from backend.devices.clocked.ring import FrameRing
from backend.devices.clocked.trembling import crystal_of
from backend.devices.crystal import Crystal
from hosts.api import Loop, OnTime
from hosts.tracefile import TraceFile
from ringproto.abi import PAGE_OCTETS
from ringproto.card import Direction
from ringproto.errors import Errno
from ringproto.trace import NoTrace


class Hardware:
    """The card and its files.  Raises DeviceError naming the file that cannot be opened."""

    def __init__(
        self, options: ClockedOptions, direction: Direction, loop: Loop, memory: memoryview, raise_interrupt: OnTime
    ) -> None:
        self._registers = Registers(memory)
        assert self._registers.fit(options), "the registers are another card's"
        ring = FrameRing(memory[PAGE_OCTETS:], options.params.frame_octets)
        crystal = crystal_of(options)
        if direction is Direction.PLAYBACK:
            dma: Dma = PlaybackDma(options, self._registers, ring, _sinks(options, crystal))
        else:
            dma = CaptureDma(options, self._registers, ring, _source(options, crystal))
        self._trace = _open_trace(options.trace_to) if options.trace_to else None
        tracer = self._trace.writer if self._trace else NoTrace()
        self._card = Card(options, loop, self._registers, dma, raise_interrupt, tracer, crystal)
        self.on_doorbell: OnTime = self._card.on_doorbell

    def close(self, now_ns: int) -> None:
        """Serve what is due, complete the files, and let go of the memory."""
        self._card.close(now_ns)
        if self._trace is not None:
            self._trace.close()
        self._registers.release()


def _sinks(options: ClockedOptions, crystal: Crystal) -> list[Sink]:
    sinks: list[Sink] = []
    if options.play_to is not None:
        from backend.devices.clocked.recorded import WavSink  # noqa: PLC0415  # slow to import, and not every card has a file

        sinks.append(WavSink(options.play_to, options.params))
    if options.loop_back is not None:
        sinks.append(CableOut(options.loop_back, options.params, crystal))
    return sinks


def _source(options: ClockedOptions, crystal: Crystal) -> Source | None:
    if options.loop_back is not None:
        return CableIn(options.loop_back, options.params, crystal)
    if options.record_from is None:
        return None
    from backend.devices.clocked.recorded import WavSource  # noqa: PLC0415  # as above

    return WavSource(options.record_from, options.params)


def _open_trace(path: str) -> TraceFile:
    try:
        return TraceFile(Path(path))
    except OSError as error:
        raise DeviceError(Errno.EIO, f"cannot write {path}: {error}") from error
