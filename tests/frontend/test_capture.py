"""CapturePcm: what the card records reaches the application whole."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import soundfile

from frontend import connect, open_capture, open_playback
from frontend.state import PcmState
from ringproto.card import Direction
from ringproto.formats import Format
from ringproto.trace import HEADER_OCTETS, RECORD_OCTETS, Point, TraceWriter, read_trace
from tests.frontend.served import MS, PARAMS, Served, noise


def recording(folder: Path, frames: int = 48000) -> "np.ndarray[tuple[int, int], np.dtype[np.int16]]":
    sound = noise(frames) // 2
    soundfile.write(folder / "source.wav", sound, 48000, "PCM_16")
    return sound.reshape(-1, 2)


def test_what_the_card_records_is_read_bit_for_bit(tmp_path: Path) -> None:
    sound = recording(tmp_path)
    served = Served(tmp_path, record_from=str(tmp_path / "source.wav"))
    with served.connect() as card, open_capture(card, PARAMS) as pcm:
        octets = b"".join(pcm.read(frames) for frames in (1, 479, 480, 2000, 5000))
        assert pcm.overruns == 0
    taken = np.frombuffer(octets, np.int16).reshape(-1, 2)
    assert np.array_equal(taken, sound[: len(taken)])


def test_not_waiting_gives_what_is_there(tmp_path: Path) -> None:
    recording(tmp_path)
    served = Served(tmp_path, record_from=str(tmp_path / "source.wav"))
    with served.connect() as card, open_capture(card, PARAMS) as pcm:
        assert pcm.read_nowait(100) == b""
        pcm.start()
        assert pcm.read_nowait(100) == b""
        served.settle(11 * MS)
        assert pcm.ready_frames == 480
        assert len(pcm.read_nowait(100)) == 100 * 4
        assert len(pcm.read_nowait(1000)) == 380 * 4


def test_what_was_asked_for_and_what_was_handed_over_is_traced(tmp_path: Path) -> None:
    served = Served(tmp_path)
    memory = bytearray(HEADER_OCTETS + 1000 * RECORD_OCTETS)
    writer = TraceWriter(memoryview(memory))
    with connect(served.host, tracer=writer) as card, open_capture(card, PARAMS) as pcm:
        pcm.start()
        served.settle(25 * MS)
        for frames in (100, 5000, 1):
            pcm.read_nowait(frames)
        served.settle(100 * MS)  # overrun: what follows counts on from the next multiple of the buffer
        pcm.read(10)
    points = {Point.PUSHED: list[tuple[int, int]](), Point.TAKEN: list[tuple[int, int]]()}
    for record in read_trace(bytes(memory)):
        if record.point in points:
            points[Point(record.point)].append((record.frame, record.value))
    assert points[Point.TAKEN][:2] == [(100, 100), (960, 860)]
    assert points[Point.PUSHED][:3] == [(480, 480), (960, 480), (1440, 480)]
    assert pcm.overruns == 1
    assert points[Point.TAKEN][2][0] % PARAMS.buffer_frames == 10
    assert points[Point.TAKEN][2][0] > 5 * PARAMS.period_frames


def test_another_format_rate_and_channels_are_converted(tmp_path: Path) -> None:
    tone = np.sin(2 * np.pi * 440 * np.arange(48000) / 48000) * 0.5
    soundfile.write(tmp_path / "source.wav", np.stack([tone, tone], axis=1), 48000, "PCM_16")
    served = Served(tmp_path, record_from=str(tmp_path / "source.wav"))
    params = replace(PARAMS, rate_hz=16000, channels=1, format=Format.FLOAT_LE, period_frames=160, buffer_frames=1600)
    with served.connect() as card, open_capture(card, params) as pcm:
        taken = np.frombuffer(pcm.read(8000), np.float32)
    spectrum = np.abs(np.fft.rfft(taken[800:7200] * np.hanning(6400)))
    assert np.argmax(spectrum) == 440 * 6400 // 16000
    assert 0.45 < np.abs(taken[800:7200]).max() < 0.55


def test_an_application_that_does_not_read_is_overrun_once_and_can_go_on(tmp_path: Path) -> None:
    recording(tmp_path)
    served = Served(tmp_path, record_from=str(tmp_path / "source.wav"))
    with served.connect() as card, open_capture(card, PARAMS) as pcm:
        pcm.start()
        served.settle(200 * MS)
        assert pcm.overruns == 1
        assert pcm.state is PcmState.PREPARED
        assert len(pcm.read(960)) == 960 * 4
        assert pcm.overruns == 1


def test_a_guest_that_slept_through_more_periods_than_the_ring_has_slots_is_overrun_and_goes_on(tmp_path: Path) -> None:
    served = Served(tmp_path, period_frames=48)
    params = replace(PARAMS, period_frames=48, buffer_frames=40 * 48)
    with served.connect() as card, open_capture(card, params) as pcm:
        link = card.link(Direction.CAPTURE)[0]
        pcm.start()
        link._event_channel.on_notify(lambda now_ns: None)
        served.settle(60 * MS)
        link._event_channel.on_notify(link._look)
        link._look(served.machine.timeline.now_ns)
        served.settle(10 * MS)
        assert (pcm.overruns, pcm.state) == (1, PcmState.PREPARED)
        assert len(pcm.read(96)) == 96 * 4


def test_reading_at_leisure_within_the_buffer_loses_nothing(tmp_path: Path) -> None:
    sound = recording(tmp_path)
    served = Served(tmp_path, record_from=str(tmp_path / "source.wav"))
    taken = b""
    with served.connect() as card, open_capture(card, PARAMS) as pcm:
        pcm.start()
        for ms in (35, 5, 38, 11, 30):
            served.settle(ms * MS)
            taken += pcm.read_nowait(5000)
        assert pcm.overruns == 0
    frames = np.frombuffer(taken, np.int16).reshape(-1, 2)
    assert len(frames) == 11 * 480
    assert np.array_equal(frames, sound[: len(frames)])


def test_two_streams_record_and_play_at_once(tmp_path: Path) -> None:
    sound = recording(tmp_path)
    served = Served(tmp_path, record_from=str(tmp_path / "source.wav"))
    with served.connect() as card, open_capture(card, PARAMS) as ear, open_playback(card, PARAMS) as mouth:
        for _ in range(20):
            mouth.write(ear.read(480))
        ear.stop()
        mouth.drain()
        assert (ear.overruns, mouth.underruns) == (0, 0)
    heard = served.heard()
    assert np.array_equal(heard[heard.any(axis=1)], sound[:9600][sound[:9600].any(axis=1)])


def test_who_waits_for_frames_is_given_new_ones_after_an_overrun(tmp_path: Path) -> None:
    recording(tmp_path)
    served = Served(tmp_path, record_from=str(tmp_path / "source.wav"))
    with served.connect() as card, open_capture(card, PARAMS) as pcm:
        served.run(pcm.aready(480))
        assert pcm.ready_frames == 480
        served.settle(100 * MS)
        assert pcm.overruns == 1
        served.run(pcm.aready(960))
        taken = bytearray(1000 * PARAMS.frame_octets)
        assert pcm.read_into(memoryview(taken)) == 960
        assert not any(taken[960 * PARAMS.frame_octets :])
        assert pcm.read_into(memoryview(taken)) == 0
