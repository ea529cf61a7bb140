"""Which markers a guest handed over, when, and what the trace says became of each.

The trace knows frames, not markers.  But the guest plays its recording over and over without leaving anything out, so
the frames it has handed over, counted through all its OPENs, are a place in the recording.  (A
domain that was restarted begins its recording anew, which its trace does not tell: from there on its markers are taken
for others, and found missing, stray, or far away.)

What became of a marker is for `measures.playback` to say: it is asked about the marker's first frame, its last, and
the first of each hand-over in between, as if these had been handed over one by one.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from backend.latency.measures.pairs import partner_ns
from backend.latency.measures.playback import playback_delay
from backend.latency.measures.timeline import CardClock, StreamTimeline
from backend.latency.records import NEVER_NS, TRACE_DTYPE, Int64s, Records, only
from backend.latency.truth.marker import Marker, loop_frames
from ringproto.trace import Point

PLACED_BY = (Point.STARTED, Point.STOPPED, Point.RENDERED)
"""What besides its hand-over decides when a frame is heard."""


@dataclass(frozen=True, slots=True)
class Handed:
    """A marker that was handed over."""

    marker: Marker
    queued_ns: int
    """When its first frame was."""
    instant_ns: int
    """When that is presented, if it is."""
    delay_ns: int | None
    """From one to the other; None where the trace says that some of the marker was never heard."""


def handed_over(records: Records, markers: list[Marker], clock: CardClock) -> list[Handed]:
    """All that one stream handed over, also in part, from its records in order of time."""
    found: list[Handed] = []
    sound_frames = 0
    for sitting in np.split(records, np.flatnonzero(records["point"] == Point.OPENED)[1:]):
        queued = only(sitting, Point.QUEUED)
        if len(queued) and np.any(sitting["point"] == Point.STARTED):
            timeline = StreamTimeline(sitting, markers[0].rate_hz, clock)
            found += _Sitting(sitting, queued, sound_frames, timeline).handed(markers)
        sound_frames += int(queued["value"].sum())
    return found


class _Sitting:
    """A stream from OPEN to CLOSE, of which `before` frames of its recording were handed over before."""

    def __init__(self, records: Records, queued: Records, before: int, timeline: StreamTimeline) -> None:
        self._placed_by: Records = records[np.isin(records["point"], PLACED_BY)]
        self._timeline = timeline
        self._queued_ns: Int64s = queued["time_ns"]
        copied = only(records, Point.COPIED)
        self._copied_ns = partner_ns(queued, copied, "frame") if len(copied) else None
        self._first: Int64s = queued["frame"] - queued["value"]
        self._sound_end = before + np.cumsum(queued["value"])
        self._sound_first: Int64s = self._sound_end - queued["value"]

    def handed(self, markers: list[Marker]) -> Iterator[Handed]:
        loop = loop_frames(markers[0].rate_hz)
        begin, end = int(self._sound_first[0]), int(self._sound_end[-1])
        for start in range(begin // loop * loop, end, loop):
            for marker in markers:
                place = start + marker.begin_frame
                if place < end and place + marker.frames > begin:
                    yield self._one(marker, place, place >= begin and place + marker.frames <= end)

    def _one(self, marker: Marker, place: int, whole: bool) -> Handed:
        """The marker at that place of the sound."""
        final = min(place + marker.frames, int(self._sound_end[-1])) - 1
        first, last = np.searchsorted(self._sound_end, [place, final], side="right")
        offset = self._first[first] - self._sound_first[first]
        frame = np.array([place + offset])
        segment = np.maximum(self._timeline.segment_beginning(frame), 0)
        instant_ns = int(self._timeline.instants_ns(frame, segment)[0])
        places = np.array([place, *self._sound_first[first + 1 : last + 1], final])
        delay_ns = self._delay_ns(places, np.array([*range(first, last + 1), last])) if whole else None
        return Handed(marker, int(self._queued_ns[first]), instant_ns, delay_ns)

    def _delay_ns(self, places: Int64s, handovers: Int64s) -> int | None:
        """How much later the first of these frames is heard; None unless all are, one after another."""
        frames = self._first[handovers] + places - self._sound_first[handovers]
        first, last = self._timeline.segment_beginning(frames[[0, -1]])
        if not all(segment.continues for segment in self._timeline.segments[first + 1 : last + 1]):
            return None  # played in parts, as after an underrun
        rows = [_one_by_one(frames, self._queued_ns[handovers], Point.QUEUED)]
        if self._copied_ns is not None:
            copied_ns = self._copied_ns[handovers]
            rows.append(_one_by_one(frames, copied_ns, Point.COPIED)[copied_ns < NEVER_NS])
        series, late, dropped = playback_delay(np.concatenate([self._placed_by, *rows]), self._timeline)
        return None if late or dropped else int(series.delay_ns[0])


def _one_by_one(frames: Int64s, times_ns: Int64s, point: Point) -> Records:
    """Records of these frames as if each were for itself."""
    made = np.zeros(len(frames), TRACE_DTYPE)
    made["point"], made["time_ns"], made["frame"], made["value"] = point, times_ns, frames + 1, 1
    return made
