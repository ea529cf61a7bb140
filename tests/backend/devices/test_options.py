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
        ({"interrupt_latency_ns": 10_000_000}, "interrupt_latency_ns"),
        ({"crystal_jitter_ns": 10_000_000}, "crystal_jitter_ns"),
        ({"crystal_jitter_ns": 3_400_000, "interrupt_latency_ns": 3_300_000, "interrupt_jitter_ns": 3_300_000}, "_ns"),
        ({"interrupt_latency_ns": 9_999_999, "drift_ppm": 1.0}, "is no less than the period of 9999991"),
        ({"interrupt_latency_ns": -1}, "interrupt_latency_ns"),
        ({"lost_interrupts_ppm": 1_000_001}, "lost_interrupts_ppm"),
        ({"lost_interrupts_ppm": 0.5}, "lost_interrupts_ppm"),
        ({"position_granularity_frames": 1920}, "position_granularity_frames"),
        ({"drift_ppm": 1e6}, "drift_ppm"),
        ({"rate": 48000}, "rate"),
    ],
)
def test_a_wrong_option_is_named(wrong: dict[str, object], named: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=named):
        msgspec.convert(wrong, ClockedOptions)


def test_all_that_a_card_does_wrong_can_be_switched_on_at_once() -> None:
    wrong = {
        "drift_ppm": -300.0,
        "crystal_jitter_ns": 100_000,
        "interrupt_latency_ns": 500_000,
        "interrupt_jitter_ns": 9_400_000,
        "lost_interrupts_ppm": 1_000_000,
        "position_granularity_frames": 1919,
    }
    assert msgspec.convert(wrong, ClockedOptions).interrupt_jitter_ns == 9_400_000
