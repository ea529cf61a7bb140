"""What counts as an underrun, and which devices a trial asks about."""

import msgspec
import pytest

from backend.latency.facts import Device
from backend.latency.result import Blame, Stream
from compose.tune.bench import ports_of, underruns

QUIET = Stream(
    stream=0, direction="playback", recording="melody.flac", format="s16_le", rate_hz=48000, channels=2,
    period_frames=480, buffer_frames=1920, device="speaker", underruns=0, starved_frames=0, frames_played=48000,
    playback_delay_ns=None, capture_delay_ns=None, period_lateness_ns=None, request_round_trip_ns=None,
    notification_delay_ns=None, handovers_late=0, handovers_dropped=0, periods_untold=0,
)  # fmt: skip
TWO_GAPS, FIVE_GAPS = (Blame(gaps=gaps, frames=9, length_ns=9) for gaps in (2, 5))


@pytest.mark.parametrize(
    ("changes", "dry", "counted"),
    [
        ({}, 0, 0),
        ({"underruns": 3}, 0, 3),
        ({"handovers_late": 4, "underruns": 3}, 0, 4),  # two accounts of the same
        ({"handovers_late": None, "starved_frames": 7}, 0, 1),  # a recording of which something was lost, once or more
        ({"starved_frames": 7}, 5, 5),
        ({"underruns": 3}, 5, 8),  # without gaps nobody knows which is which
        ({"underruns": 3, "blame": {"guest": TWO_GAPS, "device": FIVE_GAPS}}, 5, 7),
        ({"underruns": 9, "blame": {"guest": TWO_GAPS}}, 0, 9),
    ],
)  # fmt: skip
def test_an_underrun_is_whatever_breaks_the_sound(changes: dict[str, object], dry: int, counted: int) -> None:
    assert underruns(msgspec.structs.replace(QUIET, **changes), dry) == counted


def test_a_device_is_all_that_was_opened_of_it() -> None:
    names = ("speaker", "speaker (capture)", "speaker of domain 2", "speakers", "headset")
    ports = [
        Device(
            name=name, number=0, kind="clocked", pacing="irq", rate_hz=48000, period_frames=480, underruns=0
        ) for name in names
    ]  # fmt: skip
    assert [port.name for port in ports_of("speaker", ports)] == list(names[:3])
