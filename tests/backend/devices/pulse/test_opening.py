"""What can be opened is, at once or when the server comes; what no waiting mends is refused by its name."""

import select
from collections.abc import Iterator
from errno import EACCES, EINVAL, ENODEV, ENOSYS
from pathlib import Path

import msgspec
import pytest

from backend.devices.api import AudioDevice, DeviceError
from backend.devices.pulse.opening import open_pulse
from backend.devices.pulse.options import PulseOptions
from hosts.loop import RealLoop
from hosts.sim.loop import SimLoop, Timeline
from ringproto.card import Direction
from tests.backend.devices.pulse.fed import feed
from tests.backend.devices.pulse.servers import PulseAudio, Server

DEVICES = {Direction.PLAYBACK: "speaker", Direction.CAPTURE: "speaker.monitor"}
SOON_S = 20


def runs(loop: RealLoop, device: AudioDevice) -> bool:
    """Whether its server is heard of, once it is started."""
    device.start(loop.now_ns())
    key = "sink" if "sink" in device.statistics() else "source"
    if key == "sink":
        return feed(loop, device, SOON_S, lambda: bool(device.statistics()[key]))
    return loop.run_until(lambda: bool(device.statistics()[key]), loop.now_ns() + SOON_S * 10**9)


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("channels", range(1, 9))
def test_any_number_of_channels_is_granted(server: Server, loop: RealLoop, direction: Direction, channels: int) -> None:
    options = PulseOptions(server=server.url, device=DEVICES[direction], channels=channels)
    device = open_pulse(options, direction, loop, "guest")
    assert device.params.channels == channels
    assert runs(loop, device)
    device.close()


@pytest.mark.parametrize("sample_format", ["u8", "s16_le", "s24_le", "s32_le", "float_le"])
@pytest.mark.parametrize("rate_hz", [8000, 44100, 192_000])
def test_any_rate_and_format_is_granted(server: Server, loop: RealLoop, rate_hz: int, sample_format: str) -> None:
    asked = {"server": server.url, "device": "speaker", "rate_hz": rate_hz, "format": sample_format}
    device = open_pulse(msgspec.convert(asked, PulseOptions), Direction.PLAYBACK, loop, "guest")
    assert runs(loop, device)
    device.close()


@pytest.mark.parametrize("direction", Direction)
def test_no_name_stands_for_the_servers_default(server: Server, loop: RealLoop, direction: Direction) -> None:
    server.pactl("set-default-sink", "other")
    server.pactl("set-default-source", "other.monitor")
    device = open_pulse(PulseOptions(server=server.url), direction, loop, "guest")
    assert runs(loop, device)
    assert "other" in {device.statistics().get("sink"), str(device.statistics().get("source")).partition(".")[0]}
    device.close()


@pytest.mark.parametrize("direction", Direction)
def test_a_name_that_the_server_does_not_know_is_refused(server: Server, loop: RealLoop, direction: Direction) -> None:
    with pytest.raises(DeviceError, match="'speakr'") as refused:
        open_pulse(PulseOptions(server=server.url, device="speakr"), direction, loop, "guest")
    assert refused.value.errno == ENODEV


@pytest.mark.parametrize(
    "options",
    [
        PulseOptions(period_frames=480, buffer_frames=959),
        PulseOptions(channels=8, format="s32_le", buffer_frames=131_073),
    ],
)
def test_options_that_fit_no_server_are_refused(loop: RealLoop, options: PulseOptions) -> None:
    with pytest.raises(DeviceError) as refused:
        open_pulse(options, Direction.PLAYBACK, loop, "guest")
    assert refused.value.errno == EINVAL


def test_there_are_no_servers_in_simulated_time() -> None:
    with pytest.raises(DeviceError) as refused:
        open_pulse(PulseOptions(), Direction.PLAYBACK, SimLoop(Timeline()), "guest")
    assert refused.value.errno == ENOSYS


def test_any_name_of_a_user_is_shown_as_well_as_can_be(server: Server, loop: RealLoop) -> None:
    device = open_pulse(
        PulseOptions(server=server.url, device="speaker"), Direction.PLAYBACK, loop, 'a "b"\udcff\n\0c' + "x" * 500
    )
    assert runs(loop, device)
    assert 'application.name = "a \\"b\\"?' in server.pactl("list", "sink-inputs").replace('"a "b"', '"a \\"b\\"')
    device.close()


@pytest.fixture
def guarded(tmp_path: Path) -> Iterator[str]:
    """A server that lets in who has its cookie, over TCP (whoever is the same user needs none)."""
    server = PulseAudio(tmp_path)
    (tmp_path / "cookie").write_bytes(bytes(range(256)))
    (tmp_path / "wrong").write_bytes(bytes(256))
    for port in range(47_130, 47_190):
        arguments = ("listen=127.0.0.1", f"port={port}", f"auth-cookie={tmp_path / 'cookie'}")
        if server.tried("load-module", "module-native-protocol-tcp", *arguments):
            yield f"tcp:127.0.0.1:{port}"
            break
    server.close()


def test_a_cookie_lets_in(guarded: str, loop: RealLoop, tmp_path: Path) -> None:
    options = PulseOptions(server=guarded, cookie=str(tmp_path / "cookie"))
    device = open_pulse(options, Direction.PLAYBACK, loop, "guest")
    assert runs(loop, device)
    device.close()
    with pytest.raises(DeviceError, match="denied") as refused:
        open_pulse(PulseOptions(server=guarded, cookie=str(tmp_path / "wrong")), Direction.PLAYBACK, loop, "guest")
    assert refused.value.errno == EACCES


def test_a_server_that_hangs_is_waited_for_once(
    tmp_path: Path, loop: RealLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = PulseAudio(tmp_path)
    options = PulseOptions(server=server.url, device="speaker")
    waits: list[str] = []
    poll = select.poll

    def opened(user: str) -> AudioDevice:
        def counted() -> select.poll:
            waits.append(user)
            return poll()

        with monkeypatch.context() as patched:
            patched.setattr(select, "poll", counted)
            return open_pulse(options, Direction.PLAYBACK, loop, user)

    server.freeze()
    devices = [opened("first"), opened("second")]
    server.thaw()
    assert waits == ["first"]
    for device in devices:
        assert runs(loop, device)
    devices.append(opened("third"))
    assert waits == ["first", "third"], "it has answered: it is waited for again"
    for device in devices:
        device.close()
    server.close()
