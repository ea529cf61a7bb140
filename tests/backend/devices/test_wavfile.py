from pathlib import Path

import numpy as np
import pytest
import soundfile

from backend.devices import wavfile
from backend.devices.api import DeviceError, DeviceParams
from backend.devices.wavfile import WavReader, WavWriter
from ringproto.formats import Format

FORMATS = [Format.S16_LE, Format.S24_LE, Format.S32_LE, Format.FLOAT_LE]


def params_of(format_: Format) -> DeviceParams:
    return DeviceParams(8000, 2, format_, 80, 320)


def noise(format_: Format, frames: int) -> bytes:
    random = np.random.default_rng(1)
    if format_ is Format.FLOAT_LE:
        return random.uniform(-1, 1, 2 * frames).astype("<f4").tobytes()
    limit = 1 << (format_.significant_bits - 1)
    return random.integers(-limit, limit, 2 * frames).astype("<i2" if format_ is Format.S16_LE else "<i4").tobytes()


@pytest.mark.parametrize("format_", FORMATS)
def test_samples_pass_unchanged_through_a_file(tmp_path: Path, format_: Format) -> None:
    path, octets = str(tmp_path / "x.wav"), noise(format_, 5000)
    writer = WavWriter(path, params_of(format_))
    frame = params_of(format_).frame_octets
    for at in range(0, len(octets), 77 * frame):
        writer.write(memoryview(octets)[at : at + 77 * frame])
    writer.close()
    writer.close()
    reader = WavReader(path, params_of(format_))
    into = bytearray(len(octets))
    reader.read(memoryview(into))
    reader.close()
    assert into == octets


def test_the_file_says_what_it_holds(tmp_path: Path) -> None:
    writer = WavWriter(str(tmp_path / "x.wav"), params_of(Format.S24_LE))
    writer.write(memoryview(noise(Format.S24_LE, 123)))
    writer.close()
    info = soundfile.info(str(tmp_path / "x.wav"))
    assert (info.frames, info.samplerate, info.channels, info.subtype) == (123, 8000, 2, "PCM_24")


def test_a_file_is_read_over_and_over(tmp_path: Path) -> None:
    path, octets = str(tmp_path / "x.wav"), noise(Format.S16_LE, 3)
    writer = WavWriter(path, params_of(Format.S16_LE))
    writer.write(memoryview(octets))
    writer.close()
    reader = WavReader(path, params_of(Format.S16_LE))
    into = bytearray(8 * 4)
    reader.read(memoryview(into))
    reader.close()
    assert into == octets + octets + octets[:8]


def test_an_overfull_file_keeps_what_its_header_can_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(wavfile, "OCTETS_MAX", 4001)
    writer = WavWriter(str(tmp_path / "x.wav"), params_of(Format.S16_LE))
    for _ in range(3):
        writer.write(memoryview(noise(Format.S16_LE, 2000)))
    writer.close()
    assert soundfile.info(str(tmp_path / "x.wav")).frames == 1000


def test_errors_name_the_file(tmp_path: Path) -> None:
    with pytest.raises(DeviceError, match=r"no/x\.wav"):
        WavWriter(str(tmp_path / "no" / "x.wav"), params_of(Format.S16_LE))
    with pytest.raises(DeviceError, match=r"y\.wav"):
        WavReader(str(tmp_path / "y.wav"), params_of(Format.S16_LE))


@pytest.mark.parametrize(("rate_hz", "channels", "frames"), [(8001, 2, 5), (8000, 1, 5), (8000, 2, 0)])
def test_a_file_that_does_not_fit_is_refused(tmp_path: Path, rate_hz: int, channels: int, frames: int) -> None:
    soundfile.write(tmp_path / "x.wav", np.zeros((frames, channels)), rate_hz)
    with pytest.raises(DeviceError, match=r"x\.wav.*card's"):
        WavReader(str(tmp_path / "x.wav"), params_of(Format.S16_LE))
