"""Scenarios made for measuring: so many guests that all play alike."""

from datetime import UTC, datetime
from pathlib import Path

from compose.facts import Block
from compose.scenario import RECORDINGS, GuestSpec, Scenario, StreamSpec


def alike(guests: int, duration_s: float, out: Path, stream: StreamSpec) -> Block:
    """`guests` guests with one such stream each, on one virtual card of 10 ms periods."""
    specs = [GuestSpec(id=domid, streams=[stream]) for domid in range(1, guests + 1)]
    device = {"kind": "clocked", "period_frames": 480, "buffer_frames": 3840}
    scenario = Scenario(name=f"{guests} guests", devices={"speaker": device}, guests=specs, duration_s=duration_s)
    return Block(scenario, RECORDINGS, "irq", 1, out, datetime.now(UTC))


def music(rate_hz: int = 48000, sample_format: str = "s16_le") -> StreamSpec:
    """Stereo with 10 ms periods and 80 ms of buffer."""
    period = rate_hz // 100
    return StreamSpec(
        device="speaker",
        plays="melody.flac",
        format=sample_format,
        rate_hz=rate_hz,
        period_frames=period,
        buffer_frames=8 * period,
    )
