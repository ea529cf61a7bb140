"""Which binding an ALSA device is opened through, and what is refused."""

import sys
from collections.abc import Callable
from errno import EINVAL, ENODEV, ENOENT, ENOSYS

import pytest

from backend.devices.alsa import bindings, libasound
from backend.devices.alsa.abilities import PcmAbilities, PcmTuning
from backend.devices.alsa.bindings import Binding, choose_binding, ctypes_binding
from backend.devices.alsa.opening import AlsaOptions, needed, open_alsa
from backend.devices.alsa.pcm import Pcm
from backend.devices.api import DeviceError, DeviceParams
from backend.devices.registry import check_options, open_device
from hosts.sim.loop import SimLoop, Timeline
from ringproto.card import Direction
from tests.backend.devices.alsa.fakepcm import FakePcm

PLAIN = PcmAbilities()
SKILLED = PcmAbilities(period_wakeups_off=True, avail_min=True, no_resample=True, any_buffer=True, rewind=True)
NEEDING = {
    "period_wakeups": AlsaOptions(period_wakeups=False),
    "avail_min_frames": AlsaOptions(avail_min_frames=1),
    "resample": AlsaOptions(resample=False),
    "rewinds": AlsaOptions(rewinds=True),
    "buffer_frames": AlsaOptions(buffer_frames=1000),
}


@pytest.fixture
def loop() -> SimLoop:
    return SimLoop(Timeline())


class Shelf:
    """Bindings that a machine has, of fakes; what was opened last, and how."""

    def __init__(self, loop: SimLoop) -> None:
        self.loop = loop
        self.opened: tuple[str, PcmTuning] | None = None
        self.pcm = FakePcm(loop)

    def binding(self, name: str, abilities: PcmAbilities) -> Callable[[], Binding]:
        def open_fake(pcm: str, asked: DeviceParams, direction: Direction, tuning: PcmTuning) -> Pcm:
            self.opened = (f"{name} {pcm}", tuning)
            self.pcm.period_wakeups = tuning.period_wakeups
            return self.pcm

        return lambda: Binding(name, abilities, open_fake)


def missing() -> Binding:
    raise DeviceError(ENODEV, "it is not installed")


@pytest.fixture
def shelf(loop: SimLoop, monkeypatch: pytest.MonkeyPatch) -> Shelf:
    """Both bindings are there."""
    made = Shelf(loop)
    both = (made.binding("pyalsaaudio", PLAIN), made.binding("libasound", SKILLED))
    monkeypatch.setattr(bindings, "BINDINGS", both)
    return made


def put(monkeypatch: pytest.MonkeyPatch, *there: Callable[[], Binding]) -> None:
    monkeypatch.setattr(bindings, "BINDINGS", there)


def opened(options: AlsaOptions, loop: SimLoop) -> str:
    """The binding that the device says it has."""
    device = open_alsa(options, Direction.PLAYBACK, loop, "vsnd")
    device.close()
    return str(device.statistics()["binding"])


def test_without_wishes_pyalsaaudio_serves(shelf: Shelf, loop: SimLoop) -> None:
    assert opened(AlsaOptions(pcm="hw:0"), loop) == "pyalsaaudio"
    assert shelf.opened == ("pyalsaaudio hw:0", PcmTuning())


@pytest.mark.parametrize("option", NEEDING)
def test_what_pyalsaaudio_cannot_do_libasound_does_and_says_why(option: str, shelf: Shelf, loop: SimLoop) -> None:
    assert opened(NEEDING[option], loop) == f"libasound; pyalsaaudio cannot do {option}"


def test_wishes_reach_the_binding(shelf: Shelf, loop: SimLoop) -> None:
    opened(AlsaOptions(pcm="hw:0", period_wakeups=False, resample=False, avail_min_frames=7), loop)
    assert shelf.opened == ("libasound hw:0", PcmTuning(period_wakeups=False, resample=False, avail_min_frames=7))


def test_where_pyalsaaudio_is_not_installed_libasound_serves_and_says_so(
    shelf: Shelf, loop: SimLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(monkeypatch, missing, shelf.binding("libasound", SKILLED))
    assert opened(AlsaOptions(), loop) == "libasound; it is not installed"


@pytest.mark.parametrize("option", NEEDING)
def test_what_no_binding_can_do_is_refused_by_its_name(
    option: str, shelf: Shelf, loop: SimLoop, monkeypatch: pytest.MonkeyPatch
) -> None:
    for second in (missing, shelf.binding("another", PLAIN)):
        put(monkeypatch, shelf.binding("pyalsaaudio", PLAIN), second)
        with pytest.raises(DeviceError, match=f"pyalsaaudio cannot do {option}; (it is not|another cannot)") as refused:
            open_alsa(NEEDING[option], Direction.PLAYBACK, loop, "vsnd")
        assert refused.value.errno == EINVAL
    assert shelf.opened is None


def test_without_any_binding_it_says_what_to_install(loop: SimLoop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "backend.devices.alsa.pyalsa", None)
    monkeypatch.setattr(libasound, "LIBRARY", "libasound_is_not_here.so.2")
    monkeypatch.setattr(bindings, "libasound", libasound.libasound.__wrapped__)
    with pytest.raises(DeviceError, match=r"pip install 'vsnd\[alsa\]'.*apt install libasound2") as refused:
        open_alsa(AlsaOptions(), Direction.PLAYBACK, loop, "vsnd")
    assert refused.value.errno == ENODEV


def test_the_true_libasound_can_do_all_that_options_can_ask_for() -> None:
    everything = AlsaOptions(period_wakeups=False, avail_min_frames=1, resample=False, buffer_frames=1000, rewinds=True)
    assert needed(everything).beyond(ctypes_binding().abilities) == []
    assert needed(everything).beyond(PLAIN) == [*bindings.OPTIONS]


def test_the_true_pyalsaaudio_can_do_none_of_it() -> None:
    pytest.importorskip("alsaaudio", reason="no pyalsaaudio: pip install 'vsnd[alsa]'", exc_type=ImportError)
    assert bindings.pyalsaaudio().abilities == PLAIN
    assert choose_binding(PLAIN)[1] == "pyalsaaudio"


def test_a_device_without_period_wakeups_has_no_interrupts(shelf: Shelf, loop: SimLoop) -> None:
    for direction in Direction:
        device = open_alsa(AlsaOptions(period_wakeups=False), direction, loop, "vsnd")
        assert not device.capabilities.interrupts
        with pytest.raises(DeviceError, match="its period wake-ups are off") as refused:
            device.interrupts(loop, lambda now_ns: None)
        assert refused.value.errno == ENOSYS
        device.close()


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"avail_min_frames": 0}, "avail_min_frames"),
        ({"period_wakeup": False}, "period_wakeup"),
        ({"resample": 1}, "resample"),
    ],
)
def test_wrong_options_are_named(options: dict[str, object], named: str) -> None:
    with pytest.raises(DeviceError, match=named) as refused:
        check_options("alsa", options)
    assert refused.value.errno == EINVAL


def test_an_option_that_the_pcm_cannot_do_is_refused_by_its_name(loop: SimLoop) -> None:
    with pytest.raises(DeviceError, match="null: period_wakeups = false") as refused:
        open_device("alsa", {"pcm": "null", "period_wakeups": False}, Direction.PLAYBACK, loop)
    assert refused.value.errno == EINVAL


def test_a_wrong_name_is_one_line_whichever_binding(loop: SimLoop, capfd: pytest.CaptureFixture[str]) -> None:
    for options in (AlsaOptions(pcm="no_such_pcm"), AlsaOptions(pcm="no_such_pcm", avail_min_frames=1)):
        with pytest.raises(DeviceError, match=r"No such file or directory \[no_such_pcm\]") as refused:
            open_alsa(options, Direction.CAPTURE, loop, "vsnd")
        assert refused.value.errno == ENOENT
    assert capfd.readouterr() == ("", "")


def test_an_odd_buffer_is_granted_by_the_binding_that_can(loop: SimLoop) -> None:
    device = open_device("alsa", {"pcm": "null", "buffer_frames": 1000}, Direction.PLAYBACK, loop)
    assert device.params.buffer_frames == 1000
    assert str(device.statistics()["binding"]).startswith("libasound; pyalsaaudio ")
    device.close()
