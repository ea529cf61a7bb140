"""The hardware: bursts and interrupts at their instants on the card's own crystal.

Theory.  Frames are cut at fixed edges: every `burst` within a period, and at each period's end.  At an edge the burst
that is over leaves, the next is fetched, and at a period's end the interrupt is raised.  The instant of an edge is a
formula of its frame number, so a card that its host runs late serves every edge in order, counts itself late, and is
back on its grid: nothing shifts, nothing is skipped.

The card learns of starts and stops from its registers, which the doorbell tells it to read.  It looks at them before
every edge as well: a stop in the registers counts from its own instant, however late the doorbell is heard.

The same card runs on simulated time and as a process of its own.
"""

from backend.devices.clocked.dma import Dma
from backend.devices.clocked.interrupts import InterruptLine
from backend.devices.clocked.options import ClockedOptions
from backend.devices.clocked.registers import Command, Reg, Registers
from backend.devices.crystal import Crystal
from hosts.api import Loop, OnTime
from ringproto.trace import Point, Tracer

EDGES_PER_WAKE_MAX = 64
"""Edges served before other callbacks get their turn, after the card was not run for long."""


def edge_after(frame: int, period_frames: int, burst_frames: int) -> int:
    """The first edge after `frame`: a whole number of bursts into its period, or the period's end."""
    period_start = frame - frame % period_frames
    burst_end = frame - (frame - period_start) % burst_frames + burst_frames
    return min(burst_end, period_start + period_frames)


class Card:
    """One card, one direction."""

    def __init__(
        self,
        options: ClockedOptions,
        loop: Loop,
        registers: Registers,
        dma: Dma,
        raise_interrupt: OnTime,
        trace: Tracer,
        crystal: Crystal,
    ) -> None:
        self._registers = registers
        self._words = registers.words
        self._dma = dma
        self._line = InterruptLine(options, loop, registers, raise_interrupt)
        self._trace = trace
        self._number = options.trace_card
        self._period_frames, self._burst_frames = options.period_frames, options.burst
        self._crystal = crystal
        self._generation = 0
        self._edge = 0  # the next edge, while running
        self._timer = loop.timer(self.on_doorbell)

    def on_doorbell(self, now_ns: int) -> None:
        """The registers may hold a command, or an edge may be due."""
        command = self._registers.take(self._generation)
        if command is not None:
            self._obey(command, now_ns)
        for _ in range(EDGES_PER_WAKE_MAX):
            if not self._crystal.running or self._crystal.time_of(self._edge) > now_ns:
                break
            self._pass_edge(now_ns)
        if self._crystal.running:
            self._timer.arm(self._crystal.time_of(self._edge))
        else:
            self._timer.disarm()

    def _obey(self, command: Command, now_ns: int) -> None:
        self._generation = command.generation
        self._end_at(command.base_frames, now_ns)
        self._crystal.set(command.running, command.base_frames, command.start_ns)
        if command.running:
            self._begin(command.base_frames, now_ns)

    def _end_at(self, frame: int, now_ns: int) -> None:
        """Play, or record, up to `frame` and no further."""
        while self._crystal.running and self._edge <= frame:
            self._pass_edge(now_ns)
        self._dma.end(frame)

    def _begin(self, frame: int, now_ns: int) -> None:
        self._edge = edge_after(frame, self._period_frames, self._burst_frames)
        missing = self._dma.begin(frame, self._edge, self._crystal.frames_at(now_ns) - frame)
        if missing:
            self._trace.put(self._crystal.time_of(frame), Point.STARVED, 0, self._number, self._edge, missing)

    def _pass_edge(self, now_ns: int) -> None:
        frame = self._edge
        self._dma.end(frame)
        self._begin(frame, now_ns)
        if self._crystal.time_of(self._edge) <= now_ns:
            self._words[Reg.LATE_BURSTS] += 1
        if frame % self._period_frames == 0:
            self._pass_period(frame, now_ns)

    def _pass_period(self, frame: int, now_ns: int) -> None:
        ideal_ns = self._crystal.time_of(frame)
        self._trace.put(ideal_ns, Point.BOUNDARY, 0, self._number, frame, now_ns - ideal_ns)
        late_ns = self._line.pass_period(ideal_ns, now_ns)
        if late_ns:
            self._trace.put(ideal_ns, Point.INTERRUPT, 0, self._number, frame, late_ns)

    def close(self, now_ns: int) -> None:
        """Serve what is due, then let go of ring and file.  The card is not run again."""
        self.on_doorbell(now_ns)
        self._end_at(self._crystal.frames_at(now_ns), now_ns)
        self._timer.disarm()
        self._line.close()
        self._dma.close()
