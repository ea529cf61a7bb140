"""There and back: what one guest plays and another records, over a device that records what it plays.

A marker is handed over, presented, sampled again after the cable's known length, and handed to whoever records.  The
trace gives each of these moments: presenting from the playing stream's place on its card, sampling from the recording
stream's place on its own.  The sound gives where in the recording the marker is.  So both ends' traces are held against
one sound, which neither of them made.

A recording goes on after an overrun as if nothing were missing.  Which frame of the stream one of the file is, the
hand-overs to the application say.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from backend.latency.facts import Device, Facts, GuestFacts, StreamFacts
from backend.latency.measures.summary import summary_of
from backend.latency.measures.timeline import NS_PER_S, CardClock, StreamTimeline
from backend.latency.records import Int64s, Key, Records, Series, Trace, only
from backend.latency.result import Offset, RoundTrip
from backend.latency.truth.find import Place, find
from backend.latency.truth.handed import Handed, handed_over
from backend.latency.truth.marker import COUNT, EVERY_MS, LENGTH_MS, MARKERS, Float64s, markers_of
from backend.latency.truth.resampling import resampling_frames
from ringproto.trace import Point

AGREES_FRAMES = 1.0
HALF_LOOP_NS = COUNT * EVERY_MS * 1_000_000 // 2

Party = tuple[GuestFacts, StreamFacts]


def round_trips(run_folder: Path, facts: Facts, trace: Trace) -> Iterator[RoundTrip]:
    """All pairs of one that plays markers and one that records them.  Raises soundfile.SoundFileError."""
    for device in facts.devices:
        for back in facts.devices:
            if device.loops_back_ns is not None and back.name == f"{device.name} (capture)":
                yield from _over(run_folder, facts, trace, device, back)


def _over(run_folder: Path, facts: Facts, trace: Trace, device: Device, back: Device) -> Iterator[RoundTrip]:
    out, into = trace.boundaries(device.number), trace.boundaries(back.number)
    if not (len(out) and len(into)):
        return
    plays = [party for party in _parties(facts, device.name) if party[1].recording == MARKERS]
    for guest, stream in _parties(facts, back.name):
        file = run_folder / stream.recording
        taken = _Take(trace.of(guest.domid, stream.stream), stream, CardClock(into, back.rate_hz))
        if not (file.is_file() and taken.frames and plays):
            continue
        sound = np.asarray(soundfile.read(file, dtype="float32", always_2d=True)[0].mean(axis=1), np.float64)
        for player, played in plays:
            markers = markers_of(player.domid, played.stream, played.rate_hz)
            handed = handed_over(trace.of(player.domid, played.stream), markers, CardClock(out, device.rate_hz))
            heard = taken.hear(find(sound, stream.rate_hz, markers), handed, device.loops_back_ns or 0)
            resampled = resampling_frames(played.rate_hz, device.rate_hz) * stream.rate_hz / device.rate_hz
            resampled += resampling_frames(back.rate_hz, stream.rate_hz)
            yield heard.round_trip((player.domid, played.stream), (guest.domid, stream.stream), resampled)


def _parties(facts: Facts, device: str) -> list[Party]:
    return [(guest, stream) for guest in facts.guests for stream in guest.streams if stream.device == device]


class _Take:
    """A recording: which of the stream's frames each of its own is, sampled when, and handed over when."""

    def __init__(self, records: Records, stream: StreamFacts, clock: CardClock) -> None:
        self.rate_hz = stream.rate_hz
        self._instants: list[Int64s] = []
        self._taken_ns: list[Int64s] = []
        for sitting in np.split(records, np.flatnonzero(records["point"] == Point.OPENED)[1:]):
            taken = only(sitting, Point.TAKEN)
            if len(taken) and np.any(sitting["point"] == Point.STARTED):
                self._sit(taken, StreamTimeline(sitting, stream.rate_hz, clock))
        self.frames = sum(len(part) for part in self._instants)

    def _sit(self, taken: Records, timeline: StreamTimeline) -> None:
        counts = taken["value"]
        ends = np.cumsum(counts)
        frames = np.arange(int(ends[-1])) + np.repeat(taken["frame"] - ends, counts)
        segments = np.maximum(timeline.segment_beginning(frames), 0)
        self._instants.append(timeline.instants_ns(frames, segments))
        self._taken_ns.append(np.repeat(taken["time_ns"], counts))

    def hear(self, places: list[Place], handed: list[Handed], cable_ns: int) -> "_Heard":
        """Which marker was found where; of several that are the same marker, the nearest to where it should be."""
        instants_ns, taken_ns = np.concatenate(self._instants), np.concatenate(self._taken_ns)
        margin_ns = LENGTH_MS * 1_000_000
        first_ns, last_ns = int(instants_ns[0]), int(instants_ns[-1]) - margin_ns
        before_gap = np.flatnonzero(np.diff(instants_ns) > 1.5 * NS_PER_S / self.rate_hz)
        gap_from_ns, gap_to_ns = instants_ns[before_gap], instants_ns[before_gap + 1]
        heard = _Heard(self.rate_hz)
        for one in handed:
            due_ns = one.instant_ns + cable_ns
            in_parts = np.any((gap_from_ns < due_ns + margin_ns) & (gap_to_ns > due_ns))
            if one.delay_ns is None or in_parts or not first_ns <= due_ns < last_ns:
                continue
            heard.markers += 1
            found = [self._instant(place, instants_ns) for place in places if place.marker == one.marker]
            late_ns, at = min(((instant - due_ns, frame) for instant, frame in found), key=_away, default=(NEVER, 0))
            if abs(late_ns) < HALF_LOOP_NS:
                heard.late_ns.append(late_ns)
                heard.queued_ns.append(one.queued_ns)
                heard.delay_ns.append(int(taken_ns[at]) - one.queued_ns)
        return heard

    def _instant(self, place: Place, instants_ns: Int64s) -> tuple[float, int]:
        """When a place in the file was sampled, and the frame it is in."""
        frame = min(max(int(place.frame), 0), len(instants_ns) - 1)
        return float(instants_ns[frame]) + (place.frame - frame) * NS_PER_S / self.rate_hz, frame


NEVER = float("inf")


def _away(found: tuple[float, int]) -> float:
    return abs(found[0])


class _Heard:
    """The markers that one played and another recorded."""

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self.markers = 0
        self.late_ns: list[float] = []
        self.queued_ns: list[int] = []
        self.delay_ns: list[int] = []

    def round_trip(self, player: Key, recorder: Key, resampled: float) -> RoundTrip:
        """As the result file has it."""
        frames: Float64s = np.array(self.late_ns, np.float64) * (self._rate_hz / NS_PER_S)
        disagreeing = int((np.abs(frames) > AGREES_FRAMES).sum())
        missing = self.markers - len(frames)
        return RoundTrip(
            played_by_domid=player[0],
            played_by_stream=player[1],
            recorded_by_domid=recorder[0],
            recorded_by_stream=recorder[1],
            markers=self.markers,
            missing=missing,
            disagreeing=disagreeing,
            difference_frames=_offset(frames),
            resampling_frames=resampled,
            delay_ns=summary_of(Series(np.array(self.queued_ns, np.int64), np.array(self.delay_ns, np.int64))),
            agrees=not (missing or disagreeing) if self.markers else None,
        )


def _offset(frames: Float64s) -> Offset | None:
    if not len(frames):
        return None
    return Offset(min=float(frames.min()), median=float(np.median(frames)), max=float(frames.max()))
