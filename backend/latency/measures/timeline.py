"""When a guest's frame is presented: guest frame -> the card's frame -> the card's own clock.

Theory.  START lays a stream on the card's count of frames: guest frame `g` begins with the card's frame
`d0 + (g - g0) * device_rate / guest_rate`, until STOP.  That is a segment.  The card says at which instant each of its
periods ideally ended, by its own crystal; between two such boundaries it runs evenly.  So every frame has an ideal
instant, though nobody looked at it, and delays are measured against that.

A guest that goes by the system's clock is resampled to the card's, so the line bends a little all the time.  Then
STARTED comes again every second: a segment that continues the one before, and between both the line is taken for
straight.  The last of them goes on as the one before it did.

Where the card rested between two boundaries (nobody played), it ran evenly before the rest and after it.  Frames of
those who played before are reckoned on from the earlier boundary, all others back from the later one.  A rest shorter
than a period passes for a slow period: frames around it may be placed wrongly by as much.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from backend.latency.records import NEVER_NS, Bools, Int64s, Records
from ringproto.trace import Point

Float64s = NDArray[np.float64]

NS_PER_S = 1_000_000_000
REST_FACTOR = 2
"""Boundaries further apart than this times their nominal distance have a rest of the card between them."""
WHOLE_FRAMES_DIGITS = 3
"""An instant is in whole ns, so a frame that begins then may seem to lack less than a thousandth of itself."""


class CardClock:
    """The instants at which a card presents its frames."""

    def __init__(self, boundaries: Records, rate_hz: int) -> None:
        """`boundaries`: the card's BOUNDARY records, one or more; frames and instants both grow."""
        assert len(boundaries) > 0
        self.rate_hz = rate_hz
        self._frames, first_index = np.unique(boundaries["frame"], return_index=True)
        self._edges = self._frames.astype(np.float64)  # or they would be, anew, for every few frames asked for
        self._instants_ns: Int64s = boundaries["time_ns"][first_index]
        nominal = NS_PER_S / rate_hz
        steps = np.diff(self._instants_ns) / np.diff(self._frames)
        rests = steps > REST_FACTOR * nominal
        speeds = np.where(rests, nominal, steps) if len(steps) else np.array([nominal])
        # Stretches: before the first boundary, between each two, after the last; at both ends the card goes on as next
        # to it.  Each is reckoned from the boundary it begins with, but the first, and a rest, from that it ends with.
        self._rests: Bools = np.concatenate(([False], rests, [False]))
        self._ns_per_frame: Float64s = np.concatenate((speeds[:1], speeds if len(steps) else [], speeds[-1:]))
        self._base = np.clip(np.arange(len(self._frames) + 1) - 1 + self._rests, 0, None)

    def instants_ns(self, device_frames: Float64s, began: Int64s | None = None) -> Int64s:
        """When each of these frames begins to be presented; parts of a frame count.

        `began`: the device's frame with which the stream that each belongs to did, if that is known.
        """
        stretch = np.searchsorted(self._edges, device_frames, side="right")
        base = self._base_for(stretch, began)
        ahead_ns = (device_frames - self._frames[base]) * self._ns_per_frame[stretch]
        instants_ns: Int64s = self._instants_ns[base] + np.rint(ahead_ns).astype(np.int64)
        return instants_ns

    def life_ns(self, at_ns: int) -> tuple[int, int]:
        """From when to when the card lived in whose time this began; it has but one life."""
        return -NEVER_NS, NEVER_NS

    def of_life(self, at_ns: int) -> "CardClock":
        """The clock of what began then: this one, unless the card had several lives."""
        return self

    def frames_at(self, times_ns: Int64s, began: Int64s | None = None) -> Float64s:
        """How many of its frames the card had presented by then, with the part of the one that it was at."""
        stretch = np.searchsorted(self._instants_ns, times_ns, side="right")
        base = self._base_for(stretch, began)
        frames: Float64s = self._frames[base] + (times_ns - self._instants_ns[base]) / self._ns_per_frame[stretch]
        lowest = np.where(self._rests[stretch], self._frames[stretch - 1], frames)
        return np.maximum(frames, lowest)

    def _base_for(self, stretch: Int64s, began: Int64s | None) -> Int64s:
        """Which boundary each is reckoned from."""
        base: Int64s = self._base[stretch]
        if began is None:
            return base
        before_the_rest = self._rests[stretch] & (began < self._frames[stretch - 1])
        return base - before_the_rest


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of a stream between START and STOP."""

    g0: int
    d0: int
    stopped_ns: int
    """NEVER_NS when it was not stopped."""
    continues: bool = False
    """The one before was not stopped."""
    started_ns: int = 0


def segments_of(records: Records) -> list[Segment]:
    """The segments of one stream, from its records in order of time."""
    found: list[Segment] = []
    for record in records[np.isin(records["point"], (Point.STARTED, Point.STOPPED))]:
        goes_on = bool(found) and found[-1].stopped_ns == NEVER_NS
        if record["point"] == Point.STARTED:
            g0, d0, started_ns = (int(record[field]) for field in ("frame", "value", "time_ns"))
            found.append(Segment(g0, d0, NEVER_NS, goes_on, started_ns))
        elif goes_on:
            found[-1] = replace(found[-1], stopped_ns=int(record["time_ns"]))
    return found


class StreamTimeline:
    """The ideal instants of one stream's frames, from OPEN to CLOSE."""

    def __init__(self, records: Records, rate_hz: int, clock: CardClock) -> None:
        """`records`: the stream's, in order of time, with one STARTED at least."""
        self._rate_hz = rate_hz
        self._clock = clock
        self._take(segments_of(records))

    def _take(self, segments: list[Segment]) -> None:
        assert segments
        self.segments = segments
        self._g0 = np.array([segment.g0 for segment in segments], dtype=np.int64)
        self._d0 = np.array([segment.d0 for segment in segments], dtype=np.int64)
        self.stopped_ns = np.array([segment.stopped_ns for segment in segments], dtype=np.int64)
        self._started_ns = np.array([segment.started_ns for segment in segments], dtype=np.int64)
        self._continues = np.array([segment.continues for segment in segments])
        # The device's frame that each began with, were it not for those that it continues.
        self._began = self._d0[np.maximum.accumulate(np.where(self._continues, 0, np.arange(len(segments))))]
        self._slope = np.full(len(segments), self._clock.rate_hz / self._rate_hz)
        for index in range(1, len(segments)):
            if segments[index].continues:
                rise, run = self._d0[index] - self._d0[index - 1], self._g0[index] - self._g0[index - 1]
                self._slope[index - 1 : index + 1] = rise / run

    def segment_beginning(self, frames: Int64s) -> Int64s:
        """Index of the segment in which each frame begins; -1 before the first."""
        return np.searchsorted(self._g0, frames, side="right") - 1

    def segment_passing(self, frames: Int64s) -> Int64s:
        """Index of the segment in which the frame before each is played to its end; -1 before the first."""
        return np.searchsorted(self._g0, frames, side="left") - 1

    def instants_ns(self, frames: Int64s, segment: Int64s | int) -> Int64s:
        """When each guest frame begins to be presented, if its segment goes on so long."""
        return self._clock.instants_ns(self.device_frames(frames, segment), self._began[segment])

    def device_frames(self, frames: Int64s, segment: Int64s | int) -> Float64s:
        """With which of the card's frames each guest frame begins."""
        begins: Float64s = self._d0[segment] + (frames - self._g0[segment]) * self._slope[segment]
        return begins

    def guest_frames(self, device_frames: Int64s, segment: Int64s | int) -> Int64s:
        """Which guest frame begins with each of the card's, or nearest to it."""
        ahead = (device_frames - self._d0[segment]) / self._slope[segment]
        begin: Int64s = self._g0[segment] + np.rint(ahead).astype(np.int64)
        return begin

    def presented(self, times_ns: Int64s) -> tuple[Int64s, Bools]:
        """(how many guest frames were over by then, whether the stream ran); the first means nothing where it did not.

        While it ran, and its first frame was still to come, that is how many were over when it started.
        """
        segment = np.searchsorted(self._started_ns, times_ns, side="right") - 1
        ran = (segment >= 0) & (times_ns < self.stopped_ns[segment])
        device = self._clock.frames_at(times_ns, self._began[segment])
        while (too_new := self._continues[segment] & (self._d0[segment] > device)).any():
            segment = segment - too_new
        ahead = np.maximum(device - self._d0[segment], 0) / self._slope[segment]
        return self._g0[segment] + np.floor(ahead.round(WHOLE_FRAMES_DIGITS)).astype(np.int64), ran


class SystemTimeline(StreamTimeline):
    """The instants that a guest which goes by the system's clock expects its frames at.

    They begin where the card begins its first frame, and go on at the guest's nominal rate until STOP.
    """

    def __init__(self, timeline: StreamTimeline) -> None:
        self._rate_hz = timeline._rate_hz
        self._clock = timeline._clock
        whole: list[Segment] = []
        for segment in timeline.segments:
            if segment.continues:
                whole[-1] = replace(whole[-1], stopped_ns=segment.stopped_ns)
            else:
                whole.append(segment)
        self._take(whole)
        self._start_ns = self._clock.instants_ns(self._d0.astype(np.float64))

    def instants_ns(self, frames: Int64s, segment: Int64s | int) -> Int64s:
        """When each guest frame ought to begin, if its segment goes on so long."""
        ahead_ns = (frames - self._g0[segment]) * (NS_PER_S / self._rate_hz)
        instants_ns: Int64s = self._start_ns[segment] + np.rint(ahead_ns).astype(np.int64)
        return instants_ns
