"""What people see of a stream in their server's tools, and do to it there."""

import json
import logging
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from backend.devices.api import AudioDevice
from backend.devices.pulse.opening import open_pulse
from backend.devices.pulse.options import PulseOptions
from hosts.loop import RealLoop
from ringproto.card import Direction
from tests.backend.devices.pulse.fed import feed, listen
from tests.backend.devices.pulse.servers import PulseAudio, Server

NAME = "navigation"
SOON_S = 10
KINDS = {Direction.PLAYBACK: "sink-input", Direction.CAPTURE: "source-output"}
WHERE = {Direction.PLAYBACK: ("sink", ""), Direction.CAPTURE: ("source", ".monitor")}


class Stream:
    """A running stream of ours, and how its server lists it."""

    def __init__(self, server: Server, loop: RealLoop, direction: Direction, name: str = NAME) -> None:
        self.key, self.suffix = WHERE[direction]
        options = PulseOptions(server=server.url, device=f"speaker{self.suffix}", media_role="phone", icon="car")
        self._server = server
        self._loop = loop
        self._name = name
        self._kind = KINDS[direction]
        self.device: AudioDevice = open_pulse(options, direction, loop, name)
        self.device.start(loop.now_ns())
        self.run = partial(feed, loop, self.device)
        if direction is Direction.CAPTURE:
            self.run = partial(listen, loop, self.device)

    def entry(self) -> dict[str, Any]:
        """As `pactl list` has it."""
        listed: list[dict[str, Any]] = json.loads(self._server.pactl("--format=json", "list", f"{self._kind}s"))
        (found,) = (one for one in listed if one["properties"].get("application.name") == self._name)
        return found

    def change(self, what: str, value: str) -> None:
        """As by pactl: move, or set its mute or volume."""
        command = f"move-{self._kind}" if what == "move" else f"set-{self._kind}-{what}"
        self._server.pactl(command, str(self.entry()["index"]), value)


@pytest.fixture(params=Direction)
def stream(request: pytest.FixtureRequest, server: Server, loop: RealLoop) -> Iterator[Stream]:
    made = Stream(server, loop, request.param)
    made.run(0.5)
    yield made
    made.device.close()


def test_a_stream_is_listed_under_its_users_name_with_role_and_icon(stream: Stream) -> None:
    properties = stream.entry()["properties"]
    assert properties["media.name"] == NAME
    assert properties["media.role"] == "phone"
    assert properties["application.icon_name"] == "car"


def test_a_stream_that_stands_is_corked(stream: Stream, loop: RealLoop) -> None:
    assert not stream.entry()["corked"]
    stream.device.stop(loop.now_ns())
    assert loop.run_until(lambda: bool(stream.entry()["corked"]), loop.now_ns() + SOON_S * 10**9)


def test_it_may_be_moved(stream: Stream, loop: RealLoop, caplog: pytest.LogCaptureFixture) -> None:
    said = f"{NAME}: on other{stream.suffix}, at 100 %"
    with caplog.at_level(logging.INFO, "vsnd.backend"):
        for _ in range(5):  # PipeWire forgets the wish while it still links the stream to where it was
            stream.change("move", f"other{stream.suffix}")
            if stream.run(2, lambda: said in caplog.text):
                break
    assert stream.device.statistics()[stream.key] == f"other{stream.suffix}"
    assert [record.getMessage() for record in caplog.records] == [said]
    before = stream.device.position(loop.now_ns())
    stream.run(0.3)
    assert stream.device.position(loop.now_ns()) > before + 48000 // 10, "it goes on"


def test_mute_and_volume_are_noticed(stream: Stream, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "vsnd.backend"):
        stream.change("mute", "1")
        assert stream.run(SOON_S, lambda: "muted" in caplog.text)
        assert stream.device.statistics()["muted"] == 1
        stream.change("mute", "0")
        assert stream.run(SOON_S, lambda: "at 100 %" in caplog.text)
        stream.change("volume", "50%")
        assert stream.run(SOON_S, lambda: "at 50 %" in caplog.text)
    assert stream.device.statistics()["muted"] == 0
    assert stream.device.statistics()["volume_percent"] == pytest.approx(50, abs=0.1)


def test_a_drawn_slider_is_one_line(stream: Stream, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "vsnd.backend"):
        for percent in (90, 80, 70, 60):
            stream.change("volume", f"{percent}%")
        assert stream.run(SOON_S, lambda: "at 60 %" in caplog.text)
    assert len(caplog.records) < 4


def test_volumes_are_remembered_for_each_user(tmp_path: Path, loop: RealLoop, caplog: pytest.LogCaptureFixture) -> None:
    server = PulseAudio(tmp_path)
    server.pactl("load-module", "module-stream-restore")
    first = Stream(server, loop, Direction.PLAYBACK, "first")
    first.change("volume", "30%")
    assert first.run(SOON_S, lambda: float(first.device.statistics()["volume_percent"]) < 31)
    first.device.close()
    with caplog.at_level(logging.INFO, "vsnd.backend"):
        first, second = (Stream(server, loop, Direction.PLAYBACK, name) for name in ("first", "second"))
        assert first.run(SOON_S, lambda: "first: on speaker, at 30 %" in caplog.text)
        second.run(0.5)
    assert second.device.statistics()["volume_percent"] == 100
    for stream in (first, second):
        stream.device.close()
    server.close()


@pytest.mark.parametrize("direction", Direction)
def test_a_stream_follows_the_default(server: Server, loop: RealLoop, direction: Direction) -> None:
    """Who named no sink is moved by the server, and goes on."""
    key, suffix = WHERE[direction]
    set_default(server, "other")
    device = open_pulse(PulseOptions(server=server.url), direction, loop, NAME)
    device.start(loop.now_ns())
    run = partial(feed if direction is Direction.PLAYBACK else listen, loop, device)
    run(0.3)
    set_default(server, "speaker")
    assert run(SOON_S, lambda: device.statistics()[key] == f"speaker{suffix}")
    before = device.position(loop.now_ns())
    run(0.3)
    assert device.position(loop.now_ns()) > before + 48000 // 10, "it goes on"
    device.close()


def set_default(server: Server, name: str) -> None:
    """As by pactl, for who plays and who records."""
    server.pactl("set-default-sink", name)
    server.pactl("set-default-source", f"{name}.monitor")
