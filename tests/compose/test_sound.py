"""Sound files to and from guests' formats."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile

from backend.config import ConfigError
from backend.latency.truth.marker import recording
from compose.sound import SoundWriter, fit_sound, load_sound, markers_sound
from frontend.params import PcmParams
from ringproto.formats import Format

PARAMS = PcmParams(48000, 2, Format.S16_LE, 480, 1920)
NOISE = np.random.default_rng(1).integers(-32768, 32768, (3000, 2), dtype=np.int16)
LINEAR = [sample_format for sample_format in Format if sample_format.linear]


@pytest.fixture
def wav(tmp_path: Path) -> Path:
    soundfile.write(tmp_path / "noise.wav", NOISE, 48000, "PCM_16")
    return tmp_path / "noise.wav"


def test_a_file_in_the_guests_own_format_is_loaded_bit_for_bit(wav: Path) -> None:
    assert load_sound(wav, PARAMS) == NOISE.tobytes()


def test_byte_order_is_the_formats(wav: Path) -> None:
    assert load_sound(wav, replace(PARAMS, format=Format.S16_BE)) == NOISE.astype(">i2").tobytes()


@pytest.mark.parametrize("sample_format", LINEAR)
def test_every_linear_format_comes_back_as_it_went(wav: Path, tmp_path: Path, sample_format: Format) -> None:
    params = replace(PARAMS, format=sample_format)
    octets = load_sound(wav, params)
    assert len(octets) == 3000 * params.frame_octets
    writer = SoundWriter(tmp_path / "back.wav", params)
    for start in range(0, len(octets), params.buffer_octets):
        writer.append(octets[start : start + params.buffer_octets])
    writer.close()
    back, rate_hz = soundfile.read(tmp_path / "back.wav", dtype="float64")
    assert (rate_hz, back.shape) == (48000, (3000, 2))
    assert np.abs(back - NOISE / 32768).max() <= 2.0 ** -(min(sample_format.significant_bits, 17) - 1)


def test_rate_and_channels_are_converted(tmp_path: Path) -> None:
    tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(24000) / 48000)
    soundfile.write(tmp_path / "tone.wav", np.stack([tone, tone], axis=1), 48000, "FLOAT")
    octets = load_sound(tmp_path / "tone.wav", replace(PARAMS, rate_hz=8000, channels=1, format=Format.FLOAT_LE))
    samples = np.frombuffer(octets, np.float32)
    assert len(samples) == 4000
    expected = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(4000) / 8000)
    assert np.abs(samples - expected)[400:3600].max() < 0.01


def test_a_file_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "text.wav").write_text("no sound")
    for name in ("text.wav", "missing.wav"):
        with pytest.raises(ConfigError, match=name):
            load_sound(tmp_path / name, PARAMS)
        with pytest.raises(ConfigError, match=name):
            fit_sound(tmp_path / name, tmp_path / "fit.wav", 48000, 2)


def test_fitting_brings_a_recording_to_the_cards_rate_and_channels(wav: Path, tmp_path: Path) -> None:
    fit_sound(wav, tmp_path / "same.wav", 48000, 2)
    same, _ = soundfile.read(tmp_path / "same.wav", dtype="int16")
    assert np.array_equal(same, NOISE), "16 bits fit into 24"
    fit_sound(wav, tmp_path / "other.wav", 16000, 1)
    info = soundfile.info(tmp_path / "other.wav")
    assert (info.samplerate, info.channels, info.frames, info.subtype) == (16000, 1, 1000, "PCM_24")


def test_what_was_written_is_whole_without_appending_anything(tmp_path: Path) -> None:
    SoundWriter(tmp_path / "empty.wav", PARAMS).close()
    assert soundfile.info(tmp_path / "empty.wav").frames == 0


def test_markers_are_the_streams_own_on_all_channels() -> None:
    params = replace(PARAMS, rate_hz=8000, format=Format.FLOAT_LE)
    frames = np.frombuffer(markers_sound(params, 5, 2), np.float32).reshape(-1, 2)
    assert np.array_equal(frames[:, 0], recording(5, 2, 8000).astype(np.float32))
    assert np.array_equal(frames[:, 0], frames[:, 1])
