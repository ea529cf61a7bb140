"""Snapshots to show, pack and count with."""

from backend.live.lateness import BUCKETS, Lateness
from backend.live.snapshot import NO_STREAM, BackendFigures, DeviceFigures, Snapshot, State, StreamFigures
from ringproto.card import Direction
from ringproto.formats import Format

S = 1_000_000_000
MS = 1_000_000
BACKEND = BackendFigures(
    pid=42, started_ns=10 * S, sampled_ns=100 * S, samples=7, sampling_ns=3 * MS, cpu_ns=2 * S,
    voluntary_switches=1000, involuntary_switches=20, rss_octets_max=50 << 20,
)  # fmt: skip
SPEAKER = DeviceFigures("speaker", "clocked", "irq", 48000, 2, Format.S16_LE, 480, 1920, 1, 15 * MS, 9000, 1)
MICROPHONE = SPEAKER._replace(name="speaker (capture)", ahead_ns=None, underruns=0)
MUSIC = StreamFigures(
    domid=1, card=0, number=0, guest="music", state=State.RUNNING, direction=Direction.PLAYBACK,
    device="speaker", pacing="irq", format=Format.S16_LE, channels=2, rate_hz=48000, period_frames=480,
    buffer_frames=1920, fill_ns=20 * MS, delay_ns=-3 * MS, frames=4_320_000, late_frames=480, underruns=1,
    requests=9001, events=8999, lateness=Lateness((0, 8, 1, *(0,) * (BUCKETS - 3)), 700_000),
)  # fmt: skip
VOICE = MUSIC._replace(
    domid=2, number=0x11, guest="voice", direction=Direction.CAPTURE, device="speaker (capture)", delay_ns=4 * MS,
    underruns=0, late_frames=0,
)  # fmt: skip
GONE = StreamFigures(3, 0, NO_STREAM, "gone", State.AWAY)
SNAPSHOT = Snapshot(BACKEND, (SPEAKER, MICROPHONE), (MUSIC, VOICE, GONE))


def later(snapshot: Snapshot, ns: int, *streams: StreamFigures, **backend: int) -> Snapshot:
    """The next snapshot of the same backend."""
    figures = snapshot.backend
    moved = figures._replace(sampled_ns=figures.sampled_ns + ns, samples=figures.samples + 1)
    return Snapshot(moved._replace(**backend), snapshot.devices, streams or snapshot.streams)
