"""A server that is killed, frozen or not there yet costs silence, two lines in the log, and nothing else."""

import logging
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from backend.devices.api import AudioDevice
from backend.devices.pulse.opening import open_pulse
from backend.devices.pulse.options import PulseOptions
from hosts.loop import RealLoop
from ringproto.card import Direction
from tests.backend.devices.pulse.fed import feed
from tests.backend.devices.pulse.servers import SERVERS, PulseAudio, Server

BACK_S = 20
"""A limit for a busy machine; how long it took is measured elsewhere."""


@pytest.fixture(params=SERVERS, ids=lambda kind: kind.__name__)
def own(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Server]:
    """A server of the test's own, which may be ill-treated."""
    made: Server = request.param(tmp_path)
    yield made
    made.close()


def playing(server: Server, loop: RealLoop) -> AudioDevice:
    options = PulseOptions(server=server.url, device="speaker")
    device = open_pulse(options, Direction.PLAYBACK, loop, "guest")
    device.start(loop.now_ns())
    assert feed(loop, device, BACK_S, lambda: is_heard(server))
    return device


def is_heard(server: Server) -> bool:
    """Whether our stream is there."""
    return 'application.name = "guest"' in server.pactl("list", "sink-inputs")


def test_a_killed_server_is_played_on_again_when_it_is_back(
    own: Server, loop: RealLoop, caplog: pytest.LogCaptureFixture
) -> None:
    device = playing(own, loop)
    try:
        with caplog.at_level(logging.INFO, "vsnd.backend"):
            own.kill()
            before = device.position(loop.now_ns())
            feed(loop, device, 0.5)
            assert device.position(loop.now_ns()) - before > 0.4 * 48000, "time goes on"
            own.start()
            assert feed(loop, device, BACK_S, lambda: is_heard(own))
        assert device.statistics()["server_losses"] == 1
        texts = [record.getMessage() for record in caplog.records]
        assert sum("no sound server" in text for text in texts) == 1, texts
        assert sum("server is back" in text for text in texts) == 1, texts
    finally:
        device.close()


@pytest.mark.parametrize("direction", Direction)
def test_a_frozen_server_holds_nobody_up(own: Server, loop: RealLoop, direction: Direction) -> None:
    name = "speaker" if direction is Direction.PLAYBACK else "speaker.monitor"
    device = open_pulse(PulseOptions(server=own.url, device=name), direction, loop, "guest")
    device.start(loop.now_ns())
    loop.run_until(lambda: False, loop.now_ns() + 300_000_000)
    own.freeze()
    try:
        before_ns = loop.now_ns()
        before = device.position(before_ns)
        loop.run_until(lambda: False, before_ns + 1_000_000_000)
        passed_s = (loop.now_ns() - before_ns) / 1e9
        passed_frames = device.position(loop.now_ns()) - before
        assert passed_frames == pytest.approx(passed_s * 48000, abs=9600)
        other = open_pulse(PulseOptions(server=own.url, device=name), direction, loop, "other")
        other.close()
    finally:
        own.thaw()
    at_ns = loop.now_ns()
    position = device.position(at_ns)
    while device.position(loop.now_ns()) <= position + 4800:
        assert loop.now_ns() < at_ns + BACK_S * 1_000_000_000
        loop.run_until(lambda: False, loop.now_ns() + 10_000_000)
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
