"""Voices that go back and are turned up or down there: a new volume fades in, old fades stand where they stood."""

import numpy as np
import pytest

from backend.mixing.spec import SampleSpec
from ringproto.formats import Format
from tests.backend.mixing.rewound import STEREO, heard, noise, voice_of
from tests.backend.mixing.samples import floats, put, sine

GUESTS = [(48000, 2), (48000, 6), (44100, 2), (44100, 6), (96000, 1), (8000, 6)]


class Listener:
    """Hears what is not taken back."""

    def __init__(self, rate_hz: int, channels: int, history_s: float = 2.5) -> None:
        self.channels = channels
        self.voice = voice_of(SampleSpec(Format.FLOAT_LE, channels, rate_hz), history_s=history_s)
        put(self.voice.queue, np.repeat(sine(50, rate_hz, 4 * rate_hz, level=1.0), channels).astype("<f4").tobytes())
        self.sound = floats(0, 2)

    def hear(self, frames: int) -> None:
        self.sound = np.concatenate([self.sound, heard(self.voice, frames)])

    def rewind(self, frames: int) -> None:
        self.voice.rewind(frames)
        self.sound = self.sound[:-frames]

    def turn(self, gain: float) -> None:
        self.voice.set_gains([gain] * self.channels, ramped=True)

    def level(self, begin: int, end: int) -> float:
        return float(np.abs(self.sound[begin:end]).max())

    @property
    def clicks(self) -> bool:
        """Whether there is a step that neither the sine nor a ramp of 10 ms from 1 to 0 makes."""
        steps = np.abs(np.diff(self.sound[480:], axis=0)).max()
        return bool(steps > 1.05 * (2 * np.pi * 50 / 48000 + 1 / 480))


@pytest.mark.parametrize(("rate_hz", "channels"), GUESTS)
def test_a_new_volume_is_heard_from_the_rewound_place_on_and_fades_in_there(rate_hz: int, channels: int) -> None:
    listener = Listener(rate_hz, channels)
    listener.hear(96000)
    listener.rewind(48000)
    listener.turn(0.1)
    listener.hear(48000)
    assert not listener.clicks
    full = listener.level(4800, 9600)
    assert listener.level(46000, 48000) == pytest.approx(full, rel=0.01)
    ramp_and_filter = 480 + 48000 // rate_hz * 60  # the filter's window of the source begins to see what is to come
    assert listener.level(48000 + ramp_and_filter, 96000) == pytest.approx(0.1 * full, rel=0.01)


@pytest.mark.parametrize(("rate_hz", "channels"), GUESTS)
def test_a_hand_that_keeps_turning_makes_no_click(rate_hz: int, channels: int) -> None:
    listener = Listener(rate_hz, channels)
    listener.hear(48000)
    rng = np.random.default_rng(5)
    lead = 24000
    for gain in rng.uniform(0, 1, 40):
        listener.rewind(lead - int(rng.integers(1, 700)))
        listener.turn(gain)
        listener.hear(lead)
        assert not listener.clicks


@pytest.mark.parametrize(("rate_hz", "channels"), GUESTS)
@pytest.mark.parametrize("into_ramp", [-3000, -1, 0, 1, 200, 479, 480, 3000])
def test_gone_back_into_a_fade_it_goes_on_as_it_did(rate_hz: int, channels: int, into_ramp: int) -> None:
    """Before it, it begins at once."""
    listener = Listener(rate_hz, channels)
    listener.hear(40000)
    listener.turn(0.2)
    listener.hear(40000)
    before = listener.sound
    listener.rewind(40000 - into_ramp)
    listener.hear(40000 - into_ramp)
    assert not listener.clicks
    if into_ramp >= 0 and channels <= 2:
        assert np.abs(listener.sound - before).max() < 1e-5
    if into_ramp < -2000:
        assert listener.level(40000 - 2000, 40000) < 0.21


@pytest.mark.parametrize(("rate_hz", "channels"), GUESTS)
@pytest.mark.parametrize("into_ramp", [-3000, 0, 200, 3000])
def test_from_within_a_fade_a_new_one_leads_on(rate_hz: int, channels: int, into_ramp: int) -> None:
    listener = Listener(rate_hz, channels)
    listener.hear(40000)
    listener.turn(0.2)
    listener.hear(40000)
    listener.rewind(40000 - into_ramp)
    listener.turn(0.9)
    listener.hear(40000)
    assert not listener.clicks
    assert listener.level(60000, 70000) == pytest.approx(0.9 * listener.level(20000, 30000), rel=0.01)


@pytest.mark.parametrize(("rate_hz", "channels"), GUESTS)
def test_a_volume_set_before_going_back_is_heard_from_there_on(rate_hz: int, channels: int) -> None:
    listener = Listener(rate_hz, channels)
    listener.hear(80000)
    listener.turn(0.2)
    listener.rewind(40000)
    listener.hear(40000)
    assert not listener.clicks
    assert listener.level(42000, 80000) < 0.21


def test_after_a_fade_and_back_to_full_volume_it_is_copied_again_wherever_it_is_gone_back_to() -> None:
    voice = voice_of(STEREO)
    put(voice.queue, noise(STEREO, 48000))
    for gain in (0.5, 1.0):
        voice.set_gains([gain] * 2, ramped=True)
        heard(voice, 1000)
    assert voice.exact
    voice.rewind(520)
    assert voice.exact
    voice.rewind(1)
    assert not voice.exact, "the last frame of the fade"
    heard(voice, 1)
    assert voice.exact


@pytest.mark.parametrize("rate_hz", [44100, 48000])
def test_volumes_set_at_once_and_resets_leave_no_fade_to_go_back_into(rate_hz: int) -> None:
    listener = Listener(rate_hz, 2)
    listener.hear(1000)
    listener.turn(0.5)
    listener.hear(1000)
    listener.voice.set_gains([0.0, 0.0])
    listener.rewind(900)
    assert not heard(listener.voice, 900)[480:].any()
    again = Listener(rate_hz, 2)
    again.turn(0.0)
    again.hear(1000)
    again.voice.reset()
    put(again.voice.queue, np.ones(2 * 4000, "<f4").tobytes())
    heard(again.voice, 400)
    again.voice.rewind(400)
    assert not heard(again.voice, 400).any()
