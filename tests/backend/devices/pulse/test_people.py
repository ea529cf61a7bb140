"""What people see of a stream in their server's tools, and do to it there."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest

from backend.devices.api import AudioDevice
from backend.devices.pulse.opening import open_pulse
from backend.devices.pulse.options import PulseOptions
from hosts.loop import RealLoop
from ringproto.card import Direction
from tests.backend.devices.pulse.fed import feed
from tests.backend.devices.pulse.servers import Server

NAME = "navigation"


@pytest.fixture
def device(server: Server, loop: RealLoop) -> Iterator[AudioDevice]:
    options = PulseOptions(server=server.url, device="speaker", media_role="phone", icon="car")
    made = open_pulse(options, Direction.PLAYBACK, loop, NAME)
    made.start(loop.now_ns())
    feed(loop, made, 0.05)
    yield made
    made.close()


def entry(server: Server) -> dict[str, Any]:
    """Our stream as `pactl list sink-inputs` has it."""
    (found,) = (one for one in json.loads(server.pactl("--format=json", "list", "sink-inputs")) if is_ours(one))
    stream: dict[str, Any] = found
    return stream


def is_ours(one: dict[str, Any]) -> bool:
    return bool(one["properties"].get("application.name") == NAME)


def test_a_stream_is_listed_under_its_users_name_with_role_and_icon(server: Server, device: AudioDevice) -> None:
    properties = entry(server)["properties"]
    assert properties["media.name"] == NAME
    assert properties["media.role"] == "phone"
    assert properties["application.icon_name"] == "car"


def test_a_stream_that_stands_is_corked(server: Server, device: AudioDevice, loop: RealLoop) -> None:
    assert not entry(server)["corked"]
    device.stop(loop.now_ns())
    loop.run_until(lambda: bool(entry(server)["corked"]), loop.now_ns() + 5_000_000_000)
    assert entry(server)["corked"]


def test_it_may_be_moved_to_another_sink(
    server: Server, device: AudioDevice, loop: RealLoop, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "vsnd.backend"):
        for _ in range(5):  # PipeWire forgets the wish while it still links the stream to where it was
            server.pactl("move-sink-input", str(entry(server)["index"]), "other")
            if feed(loop, device, 2, lambda: device.statistics()["sink"] == "other"):
                break
    assert device.statistics()["sink"] == "other"
    assert [record.getMessage() for record in caplog.records] == [f"{NAME}: on other, at 100 %"]
    before = device.position(loop.now_ns())
    feed(loop, device, 0.3)
    assert device.position(loop.now_ns()) > before + 48000 // 10, "it plays on"


def test_mute_and_volume_are_noticed(
    server: Server, device: AudioDevice, loop: RealLoop, caplog: pytest.LogCaptureFixture
) -> None:
    index = str(entry(server)["index"])
    with caplog.at_level(logging.INFO, "vsnd.backend"):
        server.pactl("set-sink-input-mute", index, "1")
        assert feed(loop, device, 5, lambda: "muted" in caplog.text)
        assert device.statistics()["muted"] == 1
        server.pactl("set-sink-input-mute", index, "0")
        assert feed(loop, device, 5, lambda: "at 100 %" in caplog.text)
        server.pactl("set-sink-input-volume", index, "50%")
        assert feed(loop, device, 5, lambda: "at 50 %" in caplog.text)
    assert device.statistics()["muted"] == 0
    assert device.statistics()["volume_percent"] == pytest.approx(50, abs=0.1)
