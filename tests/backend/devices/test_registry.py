from errno import EINVAL, ENODEV
from importlib.metadata import EntryPoint, EntryPoints

import pytest

from backend.devices import registry
from backend.devices.api import DeviceError
from backend.devices.clocked.opening import DRIVER
from backend.devices.registry import device_names, open_device
from hosts.sim.loop import SimLoop, Timeline
from ringproto.card import Direction


@pytest.fixture
def loop() -> SimLoop:
    return SimLoop(Timeline())


def offer(monkeypatch: pytest.MonkeyPatch, *offers: EntryPoint) -> None:
    monkeypatch.setattr(registry, "entry_points", lambda **select: EntryPoints(offers).select(**select))


def test_a_device_is_opened_by_name_with_its_own_options(loop: SimLoop) -> None:
    device = open_device("clocked", {"rate_hz": 44100, "format": "float_le"}, Direction.PLAYBACK, loop)
    assert (device.params.rate_hz, device.params.frame_octets) == (44100, 8)
    device.close()


def test_an_unknown_option_is_named(loop: SimLoop) -> None:
    with pytest.raises(DeviceError, match=r"'clocked'.*drift_pmm") as refused:
        open_device("clocked", {"drift_pmm": 3}, Direction.PLAYBACK, loop)
    assert refused.value.errno == EINVAL


def test_an_option_of_the_wrong_kind_is_named(loop: SimLoop) -> None:
    with pytest.raises(DeviceError, match=r"rate_hz"):
        open_device("wav", {"path": "x.wav", "rate_hz": "fast"}, Direction.PLAYBACK, loop)


def test_an_unknown_device_is_told_what_there_is(loop: SimLoop) -> None:
    with pytest.raises(DeviceError, match=r"'theremin' is unknown.*clocked.*wav") as refused:
        open_device("theremin", {}, Direction.PLAYBACK, loop)
    assert refused.value.errno == ENODEV


def test_others_join_by_entry_point(monkeypatch: pytest.MonkeyPatch, loop: SimLoop) -> None:
    offer(monkeypatch, EntryPoint("mine", "backend.devices.clocked.opening:DRIVER", registry.GROUP))
    assert device_names() == ("alsa", "clocked", "mine", "pulse", "wav")
    assert registry._load("mine") is DRIVER
    open_device("mine", {}, Direction.CAPTURE, loop).close()


def test_a_missing_library_is_named_with_what_to_install(monkeypatch: pytest.MonkeyPatch, loop: SimLoop) -> None:
    offer(monkeypatch, EntryPoint("mine", "no_such_library:DRIVER", registry.GROUP))
    with pytest.raises(DeviceError, match=r"'mine' needs no_such_library: pip install 'vsnd\[mine\]'") as refused:
        open_device("mine", {}, Direction.PLAYBACK, loop)
    assert refused.value.errno == ENODEV
