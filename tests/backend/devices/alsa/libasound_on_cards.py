"""What only alsa-lib's C library does, tried on cards: `python -m tests.backend.devices.alsa.libasound_on_cards`

It wants the cards Loopback, Dummy and Intel, and says each thing that it found out on a line, behind its name.
"""

import select
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from threading import Thread

from backend.devices.alsa.abilities import PcmTuning
from backend.devices.alsa.capture import AlsaCapture
from backend.devices.alsa.libasoundpcm import LibasoundPcm
from backend.devices.alsa.libasoundsetup import SwParams
from backend.devices.alsa.pcm import Xrun
from backend.devices.alsa.playback import AlsaPlayback
from backend.devices.api import AudioDevice, DeviceError, DeviceParams
from backend.devices.checks import CAPTURE, NS_PER_S, Rule, check_device
from hosts.loop import RealLoop
from ringproto.card import Direction
from ringproto.formats import Format
from tests.backend.devices.alsa.fed import FED_PLAYBACK

CARDS = ("hw:Loopback", "hw:Dummy", "hw:Intel")
PARAMS = DeviceParams(48000, 2, Format.S16_LE, 480, 1920)
LONG = replace(PARAMS, buffer_frames=9600)
"""Without interrupts a kernel goes by the time that passed between two looks, which an emulated card may not keep to
within half a short buffer."""
QUIET = PcmTuning(period_wakeups=False)
GRANULARITY_FRAMES = {"hw:Dummy": 1, "hw:Loopback": 192, "hw:Intel": 2048}
"""Loopback's by its kernel's jiffies; QEMU's HDA card is early or late by as much as its codec holds, 8192 octets."""
MS = 1_000_000
TRIES = 3
PLAY, RECORD = Direction.PLAYBACK, Direction.CAPTURE


def say(*what: object) -> None:
    print(*what, flush=True)


def said(verb: Callable[[], object]) -> str:
    """What came of it: `ok`, or the error."""
    try:
        verb()
    except Xrun:
        return "xrun"
    except (AssertionError, DeviceError) as error:
        return str(error)
    return "ok"


def pass_ms(ms: int) -> None:
    """Time has to pass for a card to play, and there is nothing else to wait for."""
    until_ns = time.monotonic_ns() + ms * MS
    while (left_ns := until_ns - time.monotonic_ns()) > 0:
        select.select((), (), (), left_ns / NS_PER_S)


def opened(name: str, way: Direction, asked: DeviceParams, tuning: PcmTuning) -> AudioDevice:
    make = AlsaPlayback if way is PLAY else AlsaCapture
    return make(LibasoundPcm(name, asked, way, tuning), GRANULARITY_FRAMES[name])


def contract(name: str, asked: DeviceParams, tuning: PcmTuning) -> None:
    loop = RealLoop()
    for way, rules in ((PLAY, FED_PLAYBACK), (RECORD, CAPTURE)):
        for rule in rules:
            what = outcome(partial(opened, name, way, asked, tuning), rule, loop)
            if what != "ok":
                say("contract", name, way.name.lower(), rule.__name__, what)
    say("contract", name, "kept, interrupts:", tuning.period_wakeups)
    loop.close()


def outcome(make: Callable[[], AudioDevice], rule: Rule, loop: RealLoop) -> str:
    """Of three tries the first that went well: an emulated processor stands still at times, and its cards do not."""
    what = ""
    for _ in range(TRIES):
        what = said(lambda: check_device(make, loop, (rule,)))
        if what == "ok":
            break
    return what


def wakeups(name: str, tuning: PcmTuning) -> None:
    """How often it became ready in ten periods in which nobody looked at it."""
    with closing(LibasoundPcm(name, LONG, PLAY, tuning)) as pcm, closing(select.epoll()) as ready:
        for descriptor in pcm.descriptors:
            ready.register(descriptor, select.EPOLLOUT | select.EPOLLET)
        pcm.write(memoryview(bytearray(9600 * 4)))
        until_ns, count = time.monotonic_ns() + 105 * MS, 0
        while (left_ns := until_ns - time.monotonic_ns()) > 0:
            count += len(ready.poll(left_ns / NS_PER_S))
        queued = LONG.buffer_frames - pcm.avail()
        say(
            "wakeups",
            name,
            "several" if count >= 2 else count,
            "interrupts:",
            tuning.period_wakeups,
            "played:",
            queued < 9600,
        )


def block(frames: int, value: int) -> memoryview:
    return memoryview(bytearray(value.to_bytes(2, "little") * 2 * frames))


def heard(pcm: LibasoundPcm, frames: int) -> list[tuple[int, int]]:
    """Values and how many frames each lasted, silence left out, of the next so many frames."""
    octets = b""
    until_ns = time.monotonic_ns() + 2 * NS_PER_S
    while len(octets) < frames * 4 and time.monotonic_ns() < until_ns:
        octets += pcm.read()
        pass_ms(1)
    left = [int.from_bytes(octets[at : at + 2], "little") for at in range(0, len(octets), 4)]
    return [(value, left.count(value)) for value in dict.fromkeys(left) if value]


def rewinding() -> None:
    """The end of what was written is taken back while the beginning plays."""
    with (
        closing(LibasoundPcm("hw:Loopback,1", LONG, RECORD)) as ear,
        closing(LibasoundPcm("hw:Loopback,0", LONG, PLAY)) as mouth,
    ):
        ear.read()
        mouth.write(block(8000, 1))
        could = mouth.rewindable()
        rewound = mouth.rewind(2400)
        mouth.write(block(2400, 2))
        say("rewind", "could:", 2400 < could <= 8000, "did:", rewound, "heard:", heard(ear, 10400))


def rewinding_device(name: str) -> None:
    """What the device takes back while it plays, down to the safeguard, and where it then runs dry."""
    loop = RealLoop()
    with closing(AlsaPlayback(LibasoundPcm(name, LONG, PLAY, PcmTuning()), GRANULARITY_FRAMES[name])) as device:
        device.write(block(LONG.buffer_frames, 0), loop.now_ns())
        device.start(loop.now_ns())
        pass_ms(30)
        before = device.position(loop.now_ns())
        left = device.rewind(0, loop.now_ns())
        kept = left - before - GRANULARITY_FRAMES[name]
        device.write(block(LONG.buffer_frames, 0), loop.now_ns())
        written, underruns = device.written_frames, device.underruns
        device.rewind(0, loop.now_ns())
        pass_ms(150)
        device.position(loop.now_ns())
        say("device", name, "kept:", 63 <= kept < 1440, "anew:", written > 9600, "dry:", underruns, device.underruns)
    loop.close()


def linking(name: str) -> None:
    """Whether recording starts, and ends, with playing; and that it does not when they are not linked."""
    for linked in (False, True):
        with (
            closing(LibasoundPcm(name, LONG, RECORD)) as ear,
            closing(LibasoundPcm(name, LONG, PLAY)) as mouth,
        ):
            if linked:
                mouth.link(ear)
            mouth.write(block(9600, 0))
            pass_ms(30)
            recorded = ear.avail()
            mouth.drop()
            say("link", name, linked, "recorded:", recorded > 0, "then:", said(ear.avail))


def instants(name: str) -> None:
    """A timestamp lies before the clock, by a card's step at most; the delay is about what is queued."""
    with closing(LibasoundPcm(name, LONG, PLAY)) as pcm:
        pcm.write(block(4800, 0))
        pass_ms(30)
        avail, instant_ns = pcm.htimestamp()
        now_ns = time.monotonic_ns()
        delay = pcm.delay()
        queued = pcm.params.buffer_frames - avail
        say("instant", name, "fits:", now_ns - 20 * MS < instant_ns <= now_ns, queued - 960 <= delay <= queued + 960)


def thresholds(name: str) -> None:
    """Started by hand, and never stopped by itself."""
    with closing(LibasoundPcm(name, PARAMS, PLAY)) as pcm:
        pcm.set_thresholds(SwParams(start_threshold=pcm.boundary_frames, stop_threshold=pcm.boundary_frames))
        pcm.write(block(480, 0))
        pass_ms(30)
        waits = pcm.avail() == 1440
        pcm.start()
        pass_ms(100)
        say("thresholds", name, "waits:", waits, "counts on:", pcm.avail() > pcm.params.buffer_frames)


def granted(name: str, asked: DeviceParams, tuning: PcmTuning) -> None:
    with closing(LibasoundPcm(name, asked, PLAY, tuning)) as pcm:
        got = pcm.params
        say("granted", name, got.rate_hz, got.period_frames, got.buffer_frames, got.format.xen_name)


def unplugging(name: str) -> None:
    """Its card is taken away while it plays; the kernel waits until nobody has it open."""
    number = (Path("/proc/asound") / name.removeprefix("hw:")).readlink()
    pcm = LibasoundPcm(name, LONG, PLAY)
    pcm.write(block(4800, 0))
    switch = Path("/sys/class/sound") / number / "device" / "remove"
    removal = Thread(target=switch.write_text, args=("1",))
    removal.start()
    until_ns = time.monotonic_ns() + 2 * NS_PER_S
    while said(pcm.avail) == "ok" and time.monotonic_ns() < until_ns:
        pass_ms(1)
    say("gone", said(pcm.avail), said(lambda: pcm.write(block(480, 0))), said(pcm.drop))
    pcm.close()
    removal.join()


def everything() -> None:
    for name in CARDS:
        contract(name, PARAMS, PcmTuning())
    contract("hw:Intel", LONG, QUIET)
    wakeups("hw:Intel", PcmTuning())
    wakeups("hw:Intel", QUIET)
    for name in CARDS[:2]:
        say("refused", said(partial(LibasoundPcm, name, PARAMS, PLAY, QUIET)))
    rewinding()
    for name in CARDS:
        rewinding_device(name)
    for name in CARDS:
        linking(name)
        instants(name)
        thresholds(name)
    granted("plughw:Intel", replace(PARAMS, rate_hz=8000), PcmTuning())
    granted("plughw:Intel", replace(PARAMS, rate_hz=8000), PcmTuning(resample=False))
    granted("hw:Dummy", replace(PARAMS, buffer_frames=1000), PcmTuning())
    granted("hw:Intel", replace(PARAMS, format=Format.FLOAT_LE), PcmTuning())
    granted("hw:Intel", replace(PARAMS, buffer_frames=96_000), QUIET)
    granted("hw:Intel", replace(PARAMS, buffer_frames=96_000), PcmTuning())
    granted("hw:Dummy", replace(PARAMS, buffer_frames=96_000), PcmTuning())
    granted("hw:Loopback", replace(PARAMS, buffer_frames=96_000), PcmTuning())
    with closing(LibasoundPcm("hw:Intel", PARAMS, PLAY)):
        say("taken", said(lambda: LibasoundPcm("hw:Intel", PARAMS, PLAY)))
    unplugging("hw:Intel")


if __name__ == "__main__":
    everything()
