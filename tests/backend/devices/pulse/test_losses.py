"""A server that is killed, frozen or not there yet costs silence, two lines in the log, and nothing else."""

import logging
import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from backend.devices.api import AudioDevice
from backend.devices.pulse import stream
from backend.devices.pulse.opening import open_pulse
from backend.devices.pulse.options import PulseOptions
from hosts.loop import RealLoop
from ringproto.card import Direction
from tests.backend.devices.pulse.fed import feed, listen
from tests.backend.devices.pulse.servers import SERVERS, PulseAudio, Server

LEAP_FRAMES = 9600
"""Far more than a server's clock may be wrong, far less than it stood still."""
BACK_S = 20
"""A limit for a busy machine; how long it took is measured elsewhere."""


@pytest.fixture(params=SERVERS, ids=lambda kind: kind.__name__)
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own, which may be ill-treated."""
    made: Server = request.param(tmp_path)
    yield made
    made.close()


def opened(
    server: Server, loop: RealLoop, direction: Direction = Direction.PLAYBACK, user: str = "guest"
) -> AudioDevice:
    name = "speaker" if direction is Direction.PLAYBACK else "speaker.monitor"
    return open_pulse(PulseOptions(server=server.url, device=name), direction, loop, user)


def playing(server: Server, loop: RealLoop) -> AudioDevice:
    device = opened(server, loop)
    device.start(loop.now_ns())
    assert feed(loop, device, BACK_S, lambda: is_heard(server))
    return device


def is_heard(server: Server) -> bool:
    """Whether our stream is there."""
    return 'application.name = "guest"' in server.pactl("list", "sink-inputs")


@pytest.mark.parametrize("direction", Direction)
def test_a_killed_server_is_used_again_when_it_is_back(
    own: Server, loop: RealLoop, caplog: pytest.LogCaptureFixture, direction: Direction
) -> None:
    serve = feed if direction is Direction.PLAYBACK else listen
    device = opened(own, loop, direction)
    device.start(loop.now_ns())
    serve(loop, device, 0.3)
    try:
        with caplog.at_level(logging.INFO, "vsnd.backend"):
            own.kill()
            before = device.position(loop.now_ns())
            serve(loop, device, 0.5)
            assert device.position(loop.now_ns()) - before > 0.4 * 48000, "time goes on"
            own.start()
            assert serve(loop, device, BACK_S, lambda: "server is back" in caplog.text)
        before = device.position(loop.now_ns())
        assert serve(loop, device, BACK_S, lambda: device.position(loop.now_ns()) > before + 24_000)
        assert device.statistics()["server_losses"] == 1
        texts = [record.getMessage() for record in caplog.records]
        assert sum("no sound server" in text for text in texts) == 1, texts
        assert sum("server is back" in text for text in texts) == 1, texts
    finally:
        device.close()


@pytest.mark.parametrize("direction", Direction)
def test_time_goes_on_while_a_server_is_frozen_and_does_not_leap_afterwards(
    own: Server, loop: RealLoop, direction: Direction
) -> None:
    serve = feed if direction is Direction.PLAYBACK else listen
    device = opened(own, loop, direction)
    device.start(loop.now_ns())
    serve(loop, device, 0.8)
    began_ns, began = loop.now_ns(), device.position(loop.now_ns())

    def early_frames() -> int:
        """Against the system's clock, since `began`."""
        now_ns = loop.now_ns()
        return device.position(now_ns) - began - (now_ns - began_ns) * 48_000 // 1_000_000_000

    for freezing_s in (0.5, 1.7):
        own.freeze()
        try:
            serve(loop, device, freezing_s)
            assert early_frames() == pytest.approx(0, abs=LEAP_FRAMES)
            opened(own, loop, direction, "other").close()
        finally:
            own.thaw()
        for _ in range(5):
            serve(loop, device, 0.2)
            assert early_frames() == pytest.approx(0, abs=LEAP_FRAMES)
    device.close()


def test_a_clock_that_is_set_changes_nothing(own: Server, loop: RealLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    set_by_ns = 0
    to_wall_ns = time.time_ns() - time.monotonic_ns()
    clock = SimpleNamespace(time_ns=lambda: time.monotonic_ns() + to_wall_ns + set_by_ns)
    monkeypatch.setattr(stream, "time", clock)
    device = playing(own, loop)
    began_ns, began = loop.now_ns(), device.position(loop.now_ns())
    for hours in (-1, 1):
        set_by_ns = hours * 3_600_000_000_000
        feed(loop, device, 1.0)
        now_ns = loop.now_ns()
        expected = (now_ns - began_ns) * 48_000 // 1_000_000_000
        assert device.position(now_ns) - began == pytest.approx(expected, abs=LEAP_FRAMES)
    device.close()


def test_a_sink_that_is_taken_away_is_played_on_when_it_is_back(
    own: Server, loop: RealLoop, caplog: pytest.LogCaptureFixture
) -> None:
    device = playing(own, loop)
    began_ns, began = loop.now_ns(), device.position(loop.now_ns())
    own.pactl("unload-module", "module-null-sink")
    feed(loop, device, 0.7)
    passed = (loop.now_ns() - began_ns) * 48_000 // 1_000_000_000
    assert device.position(loop.now_ns()) - began == pytest.approx(passed, abs=LEAP_FRAMES)
    with caplog.at_level(logging.INFO, "vsnd.backend"):
        own.pactl("load-module", "module-null-sink", "sink_name=speaker", "rate=48000", "channels=2", "norewinds=1")
        assert feed(loop, device, BACK_S, lambda: is_heard(own) and device.statistics()["sink"] == "speaker")
    device.close()


def test_a_server_that_comes_later_is_waited_for(
    tmp_path: Path, loop: RealLoop, caplog: pytest.LogCaptureFixture
) -> None:
    server = PulseAudio(tmp_path)
    server.kill()
    with caplog.at_level(logging.INFO, "vsnd.backend"):
        device = open_pulse(PulseOptions(server=server.url), Direction.PLAYBACK, loop, "guest")
        device.start(loop.now_ns())
        feed(loop, device, 0.3)
        assert device.position(loop.now_ns()) > 0
        server.start()
        assert feed(loop, device, BACK_S, lambda: is_heard(server))
    assert len([record for record in caplog.records if record.levelno == logging.WARNING]) == 1
    device.close()
    server.close()


def test_nothing_leaks_over_many_losses(tmp_path: Path, loop: RealLoop) -> None:
    server = PulseAudio(tmp_path)
    device = playing(server, loop)
    process = psutil.Process()

    def lose_it() -> None:
        server.kill()
        server.start()
        assert feed(loop, device, BACK_S, lambda: is_heard(server))

    for _ in range(3):
        lose_it()
    before = (process.num_fds(), threading.active_count(), process.num_threads())
    memory = process.memory_info().rss
    for _ in range(20):
        lose_it()
    assert (process.num_fds(), threading.active_count(), process.num_threads()) == before
    assert process.memory_info().rss - memory < 4 << 20
    device.close()
    server.close()
    assert process.num_threads() < before[2]


def test_closing_leaves_no_thread_and_no_descriptor(own: Server, loop: RealLoop) -> None:
    playing(own, loop).close()
    threads, descriptors = psutil.Process().num_threads(), len(os.listdir("/proc/self/fd"))  # noqa: PTH208  # of a process
    for _ in range(5):
        playing(own, loop).close()
    assert psutil.Process().num_threads() == threads
    assert len(os.listdir("/proc/self/fd")) == descriptors  # noqa: PTH208  # likewise
