import msgspec
import pytest

from backend.devices.clocked.options import ClockedOptions
from ringproto.formats import Format


def test_the_defaults_make_a_card() -> None:
    options = ClockedOptions()
    assert options.params.format is Format.S16_LE
    assert options.params.frame_octets == 4
    assert options.burst == options.period_frames // 4
    assert options.ring_frames >= options.buffer_frames + options.rate_hz


def test_a_burst_of_a_quarter_period_is_rounded_up() -> None:
    assert ClockedOptions(period_frames=441).burst == 111
    assert ClockedOptions(period_frames=1).burst == 1


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"rate_hz": 0}, "rate_hz"),
        ({"format": "u8"}, "format"),
        ({"buffer_frames": 959}, "buffer_frames"),
        ({"burst_frames": 481}, "burst_frames"),
        ({"interrupt_jitter_ns": 10_000_000}, "interrupt_jitter_ns"),
        ({"drift_ppm": 1e6}, "drift_ppm"),
        ({"rate": 48000}, "rate"),
    ],
)
def test_a_wrong_option_is_named(wrong: dict[str, object], named: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=named):
        msgspec.convert(wrong, ClockedOptions)
