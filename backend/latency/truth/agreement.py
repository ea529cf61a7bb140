"""How well the trace agrees with what is heard.

Frame n of a card's WAV file is frame n of the card, whose instant its boundaries give.  So a marker found there has a
playback delay of its own: from the hand-over of its first frame to that instant.  It must be the one that the trace
gives these frames, which rests on where the backend says that it laid them.

Four things can be wrong, and each is counted by itself: a marker is elsewhere than the trace says (`difference`); it is
not there though the trace says it was heard whole (`missing`); it is there though nobody handed it over then (`stray`);
and the trace itself says that some of it was lost, as in an underrun (`cut`), which is no disagreement: whether enough
of it is left to be found says nothing.  A marker is only ever compared with itself, the next of its number being four
seconds away.
"""

from collections import Counter
from pathlib import Path

import numpy as np
import soundfile

from backend.latency.facts import Device, Facts, GuestFacts, StreamFacts
from backend.latency.measures.summary import summary_of
from backend.latency.measures.timeline import NS_PER_S, CardClock
from backend.latency.records import Int64s, Series, Trace
from backend.latency.result import Offset, StreamTruth, Truth
from backend.latency.truth.find import CHANCE, Place, find
from backend.latency.truth.handed import Handed, handed_over
from backend.latency.truth.loop import round_trips
from backend.latency.truth.marker import COUNT, EVERY_MS, MARKERS, Float64s, markers_of
from backend.latency.truth.resampling import resampling_frames

AGREES_FRAMES = 1.0
HALF_LOOP_NS = COUNT * EVERY_MS * 1_000_000 // 2


def agreement(run_folder: Path, facts: Facts, trace: Trace) -> Truth | None:
    """Compare all streams that played markers on devices that kept their sound in the run's folder; None without any.

    Raises soundfile.SoundFileError for a file that is there and cannot be read.
    """
    numbers = Counter(device.number for device in facts.devices)
    streams: list[StreamTruth] = []
    false_markers = 0.0
    for device in facts.devices:
        boundaries = trace.boundaries(device.number)
        listening = [(guest, stream) for guest in facts.guests for stream in guest.streams if _is_by(stream, device)]
        sound_file = run_folder / (device.played_to or "")
        if sound_file.is_file() and listening and len(boundaries) and numbers[device.number] == 1:
            sound = _mono(sound_file)
            streams += _compare(sound, trace, device, listening)
            false_markers += CHANCE * len(sound) * COUNT * len(listening)
    trips = list(round_trips(run_folder, facts, trace))
    if not (streams or trips):
        return None
    return Truth(streams=streams, false_markers_expected=false_markers, round_trips=trips)


def _is_by(stream: StreamFacts, device: Device) -> bool:
    return stream.recording == MARKERS and stream.direction == "playback" and stream.device == device.name


def _mono(path: Path) -> Float64s:
    return np.asarray(soundfile.read(path, dtype="float32", always_2d=True)[0].mean(axis=1), np.float64)


def _compare(
    sound: Float64s, trace: Trace, device: Device, listening: list[tuple[GuestFacts, StreamFacts]]
) -> list[StreamTruth]:
    """One device, with all that played markers on it."""
    clock = CardClock(trace.boundaries(device.number), device.rate_hz)
    markers = [markers_of(guest.domid, stream.stream, stream.rate_hz) for guest, stream in listening]
    places = find(sound, device.rate_hz, [marker for own in markers for marker in own])
    truths: list[StreamTruth] = []
    for (guest, stream), own in zip(listening, markers, strict=True):
        handed = handed_over(trace.of(guest.domid, stream.stream), own, clock)
        found = [place for place in places if place.marker in own]
        truths.append(_truth(guest.domid, stream, device, handed, _Matched(handed, found, clock)))
    return truths


class _Matched:
    """Which place is whose: that of the nearest marker of the same number; the likeliest where there are several."""

    def __init__(self, handed: list[Handed], places: list[Place], clock: CardClock) -> None:
        instants_ns = clock.instants_ns(np.array([place.frame for place in places], np.float64))
        best: dict[int, tuple[float, int]] = {}
        for place, instant_ns in zip(places, instants_ns.tolist(), strict=True):
            away_ns = {n: abs(h.instant_ns - instant_ns) for n, h in enumerate(handed) if h.marker == place.marker}
            nearest = min(away_ns, key=away_ns.__getitem__, default=-1)
            if nearest >= 0 and away_ns[nearest] < HALF_LOOP_NS:
                best[nearest] = max(best.get(nearest, (0.0, 0)), (place.likeness, instant_ns))
        self.instant_ns = {number: instant_ns for number, (_, instant_ns) in best.items()}
        """When each marker was heard, by its index in `handed`."""
        self.stray = len(places) - len(best)


def _truth(domid: int, stream: StreamFacts, device: Device, handed: list[Handed], matched: _Matched) -> StreamTruth:
    whole = {number: (h.queued_ns, h.delay_ns) for number, h in enumerate(handed) if h.delay_ns is not None}
    both = [
        (queued_ns, matched.instant_ns[n] - queued_ns, delay_ns)
        for n, (queued_ns, delay_ns) in whole.items()
        if n in matched.instant_ns
    ]
    queued_ns, heard_ns, traced_ns = np.array(both, np.int64).reshape(-1, 3).T
    missing = len(whole) - len(both)
    disagreeing = int((np.abs(heard_ns - traced_ns) > AGREES_FRAMES * NS_PER_S / device.rate_hz).sum())
    return StreamTruth(
        domid=domid,
        stream=stream.stream,
        device=device.name,
        markers=len(whole),
        cut=len(handed) - len(whole),
        missing=missing,
        stray=matched.stray,
        disagreeing=disagreeing,
        difference_frames=_offset(heard_ns - traced_ns, device.rate_hz),
        resampling_frames=resampling_frames(stream.rate_hz, device.rate_hz),
        heard_delay_ns=summary_of(Series(queued_ns, heard_ns)),
        traced_delay_ns=summary_of(Series(queued_ns, traced_ns)),
        agrees=not (disagreeing or missing or matched.stray) if whole or matched.stray else None,
    )


def _offset(later_ns: Int64s, rate_hz: int) -> Offset | None:
    if not len(later_ns):
        return None
    frames = later_ns * (rate_hz / NS_PER_S)
    return Offset(min=float(frames.min()), median=float(np.median(frames)), max=float(frames.max()))
