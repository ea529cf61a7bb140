"""What alsa-lib answers to calls of its C library, and what becomes of it: answers are as each test says."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from errno import EAGAIN, EBADFD, EBUSY, ENODEV, ENOSYS, EPIPE, ESTRPIPE

import pytest

from backend.devices.alsa import libasound as declared
from backend.devices.alsa.abilities import PcmTuning
from backend.devices.alsa.libasoundpcm import RESUMES_MAX, LibasoundPcm
from backend.devices.alsa.libasoundsetup import Setup, SwParams
from backend.devices.alsa.pcm import Xrun
from backend.devices.alsa.playback import AlsaPlayback
from backend.devices.api import DeviceError, DeviceParams
from ringproto.card import Direction
from ringproto.formats import Format

PARAMS = DeviceParams(48000, 2, Format.S16_LE, 480, 1920)


class Scripted:
    """A library of which one verb answers what a test says, one after the other; `resume` likewise."""

    def __init__(self, verb: str, answers: Sequence[int], resumes: Sequence[int] = (), state: int = 3) -> None:
        self.left = {verb: list(answers), "resume": list(resumes)}
        self.asked: list[str] = []
        self._state = state

    def __getattr__(self, name: str) -> Callable[..., int]:
        verb = name.removeprefix("snd_pcm_")

        def answer(*_arguments: object) -> int:
            self.asked.append(verb)
            return self._state if verb == "state" else self.left[verb].pop(0) if self.left.get(verb) else 0

        return answer


@pytest.fixture
def pcm() -> Iterator[LibasoundPcm]:
    with closing(LibasoundPcm("null", PARAMS, Direction.PLAYBACK)) as made:
        yield made


def script(pcm: LibasoundPcm, monkeypatch: pytest.MonkeyPatch, scripted: Scripted) -> Scripted:
    monkeypatch.setattr(pcm, "_lib", scripted)
    return scripted


def test_after_a_suspend_it_goes_on_where_it_was(pcm: LibasoundPcm, monkeypatch: pytest.MonkeyPatch) -> None:
    lib = script(pcm, monkeypatch, Scripted("avail", [-ESTRPIPE, 77], [-EAGAIN, 0]))
    assert pcm.avail() == 77
    assert lib.asked == ["avail", "resume", "resume", "avail"]


@pytest.mark.parametrize("resumes", [[-ENOSYS], [-EAGAIN] * RESUMES_MAX])
def test_one_that_cannot_or_will_not_is_started_anew(
    resumes: list[int], pcm: LibasoundPcm, monkeypatch: pytest.MonkeyPatch
) -> None:
    lib = script(pcm, monkeypatch, Scripted("writei", [-ESTRPIPE, 10], resumes))
    silence = memoryview(bytearray(40))
    with pytest.raises(Xrun):
        pcm.write(silence)
    assert pcm.write(silence) == 10
    assert lib.asked == ["writei", *["resume"] * len(resumes), "prepare", "writei"]


def test_one_that_ran_dry_says_so_until_it_is_given_frames(pcm: LibasoundPcm, monkeypatch: pytest.MonkeyPatch) -> None:
    lib = script(pcm, monkeypatch, Scripted("avail", [-EPIPE, -EPIPE, 1910]))
    for _ in range(2):
        with pytest.raises(Xrun):
            pcm.avail()
    pcm.write(memoryview(bytearray(40)))
    assert pcm.avail() == 1910
    assert lib.asked == ["avail", "avail", "prepare", "writei", "avail"]


def test_when_it_can_take_nothing_now_it_takes_nothing(pcm: LibasoundPcm, monkeypatch: pytest.MonkeyPatch) -> None:
    script(pcm, monkeypatch, Scripted("writei", [-EAGAIN]))
    assert pcm.write(memoryview(bytearray(40))) == 0


@pytest.mark.parametrize(("answer", "told"), [(-EBADFD, ENODEV), (-ENODEV, ENODEV), (-EBUSY, EBUSY)])
def test_what_went_wrong_is_told_with_its_errno(
    answer: int, told: int, pcm: LibasoundPcm, monkeypatch: pytest.MonkeyPatch
) -> None:
    script(pcm, monkeypatch, Scripted("avail", [answer]))
    with pytest.raises(DeviceError, match=r"\[null\]") as failed:
        pcm.avail()
    assert failed.value.errno == told


def test_one_that_was_dropped_with_another_stands(pcm: LibasoundPcm, monkeypatch: pytest.MonkeyPatch) -> None:
    script(pcm, monkeypatch, Scripted("avail", [-EBADFD], state=declared.STATE_SETUP))
    with pytest.raises(Xrun):
        pcm.avail()


@pytest.mark.parametrize(
    ("wakeups", "order"),
    [(True, ["period_size", "buffer_size"]), (False, ["buffer_size", "period_size"])],
)
def test_without_interrupts_the_buffer_counts_more_than_the_period(
    wakeups: bool, order: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    setup = Setup(0, "scripted")
    lib = Scripted("hw_params_can_disable_period_wakeup", [1])
    monkeypatch.setattr(setup, "_lib", lib)
    assert setup.choose(replace(PARAMS, buffer_frames=96_000), PcmTuning(wakeups)).buffer_frames == 96_000
    sizes = [verb for verb in lib.asked if "_size_near" in verb]
    assert sizes == [f"hw_params_set_{what}_near" for what in order]
    assert ("hw_params_set_period_wakeup" in lib.asked) == (not wakeups)


def rewound(pcm: LibasoundPcm, monkeypatch: pytest.MonkeyPatch, answer: int) -> int:
    monkeypatch.setattr(pcm, "abilities", replace(pcm.abilities, rewind=True))  # as if it were a card
    script(pcm, monkeypatch, Scripted("rewind", [answer]))
    return pcm.rewind(100)


def test_how_much_was_taken_back_is_the_cards_word(pcm: LibasoundPcm, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [rewound(pcm, monkeypatch, answer) for answer in (100, 30, 0)] == [100, 30, 0]
    with pytest.raises(Xrun):
        rewound(pcm, monkeypatch, -EPIPE)


def test_a_device_asks_no_plugin_to_rewind(pcm: LibasoundPcm, monkeypatch: pytest.MonkeyPatch) -> None:
    lib = script(pcm, monkeypatch, Scripted("rewind", []))
    device = AlsaPlayback(pcm, 1)
    assert not device.capabilities.rewinds
    device.write(memoryview(bytearray(40)), 0)
    assert device.rewind(0, 0) == 10
    assert lib.asked == []


def test_a_closed_one_says_so_and_never_asks_alsa_lib(pcm: LibasoundPcm) -> None:
    pcm.close()
    silence = memoryview(bytearray(40))
    verbs: list[Callable[[], object]] = [pcm.avail, pcm.read, pcm.drop, pcm.start, pcm.delay, pcm.htimestamp]
    verbs += [lambda: pcm.write(silence), lambda: pcm.set_thresholds(SwParams()), lambda: pcm.link(pcm)]
    for verb in verbs:
        with pytest.raises(DeviceError, match="null is closed") as refused:
            verb()
        assert refused.value.errno == ENODEV
    for descriptor in pcm.descriptors:
        pcm.acknowledge(descriptor)


def test_without_the_library_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(declared, "LIBRARY", "libasound_is_not_here.so.2")
    with pytest.raises(DeviceError, match="apt install libasound2") as missing:
        declared.libasound.__wrapped__()
    assert missing.value.errno == ENODEV
