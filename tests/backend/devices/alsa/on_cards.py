"""Trying ALSA devices on this machine's cards: `python -m tests.backend.devices.alsa.on_cards rules hw:0 ...`

`rules PCM ...` applies the contract to each, and says one line for each PCM, direction and rule.
`unplug hw:CARD` plays on it, has the kernel take its PCI device away, and says what became of ours.
`late PCM SECONDS` says how late its interrupts come, and what a look and a write cost.
"""

import sys
import time
from collections.abc import Callable
from errno import EBUSY, ENODEV
from pathlib import Path
from threading import Thread

from backend.devices.alsa.capture import AlsaCapture
from backend.devices.alsa.playback import AlsaPlayback
from backend.devices.alsa.pyalsa import PyalsaPcm
from backend.devices.api import DeviceError, DeviceParams
from backend.devices.checks import CAPTURE, NS_PER_S, Rule, check_device
from hosts.loop import RealLoop
from ringproto.card import Direction
from ringproto.formats import Format
from tests.backend.devices.alsa.fed import FED_PLAYBACK

PARAMS = DeviceParams(48000, 2, Format.S16_LE, 480, 1920)
GRANULARITY_FRAMES = {"hw:Dummy": 1, "hw:Loopback": 192, "hw:Intel": 2048}
"""In what steps their positions move: Loopback's by its kernel's jiffies, 4 ms; that of QEMU's HDA card runs ahead of
its clock, or falls behind, by as much as its codec holds, 8192 octets.  Others are believed to move by a period."""

TRIES = 3


def playing(name: str) -> AlsaPlayback:
    """Opened, stopped."""
    return AlsaPlayback(PyalsaPcm(name, PARAMS, Direction.PLAYBACK), GRANULARITY_FRAMES.get(name, PARAMS.period_frames))


def recording(name: str) -> AlsaCapture:
    """Opened, stopped."""
    return AlsaCapture(PyalsaPcm(name, PARAMS, Direction.CAPTURE), GRANULARITY_FRAMES.get(name, PARAMS.period_frames))


def outcome(name: str, direction: Direction, rule: Rule, loop: RealLoop) -> str:
    """`ok`, or what is wrong three times: an emulated processor stands still now and then, and its cards do not."""
    make = playing if direction is Direction.PLAYBACK else recording
    what = ""
    for _ in range(TRIES):
        try:
            check_device(lambda: make(name), loop, (rule,))
        except (AssertionError, DeviceError) as error:
            what = f"FAILED {error}"
        else:
            return "ok"
    return what


def rules(names: list[str], loop: RealLoop) -> None:
    """Every rule on every PCM."""
    for name in names:
        for direction, applied in ((Direction.PLAYBACK, FED_PLAYBACK), (Direction.CAPTURE, CAPTURE)):
            for rule in applied:
                print(name, direction.name.lower(), rule.__name__, outcome(name, direction, rule, loop), flush=True)


def unplug(name: str, loop: RealLoop) -> None:
    """What the device says while its card is taken away: first to whoever listens, then to whoever asks."""
    number = (Path("/proc/asound") / name.removeprefix("hw:")).readlink()
    switch = Path("/sys/class/sound") / number / "device" / "remove"
    device = playing(name)
    taken = is_taken(name)
    device.close()
    print(f"taken: {taken}, free again: {not is_taken(name)}")
    device = playing(name)
    silence = memoryview(bytes(PARAMS.buffer_frames * PARAMS.frame_octets))
    told: list[bool] = []
    device.interrupts(loop, lambda _now_ns: told.append(is_gone(lambda now_ns: device.write(silence, now_ns), loop)))
    device.write(silence, loop.now_ns())
    device.start(loop.now_ns())
    loop.run_until(lambda: len(told) >= 2, loop.now_ns() + NS_PER_S)
    removal = Thread(target=switch.write_text, args=("1",))  # returns when nobody has the card open any more
    removal.start()
    loop.run_until(lambda: told[-1], loop.now_ns() + NS_PER_S)
    print(f"told by an interrupt: {told[0]}, then {told[-1]}")
    print(f"position: {is_gone(device.position, loop)}, stop: {is_gone(device.stop, loop)}")
    device.close()
    removal.join()
    print("closed")


def is_gone(verb: Callable[[int], object], loop: RealLoop) -> bool:
    """Whether it says ENODEV."""
    try:
        verb(loop.now_ns())
    except DeviceError as error:
        return error.errno == ENODEV
    return False


def is_taken(name: str) -> bool:
    """Whether it cannot be had because somebody has it."""
    try:
        playing(name).close()
    except DeviceError as error:
        return error.errno == EBUSY
    return False


def late(name: str, seconds: int, loop: RealLoop) -> None:
    """How late interrupts come, against the earliest of them; what the verbs cost.  Two periods ahead, as a mixer."""
    device = playing(name)
    block = memoryview(bytes(PARAMS.buffer_frames * PARAMS.frame_octets))
    came: list[int] = []
    looks: list[int] = []
    writes: list[int] = []

    def feed(now_ns: int) -> None:
        begun_ns = time.monotonic_ns()
        position = device.position(now_ns)
        looked_ns = time.monotonic_ns()
        boundary = position - position % device.params.period_frames
        came.append(now_ns - boundary * NS_PER_S // device.params.rate_hz)
        missing = boundary + 2 * device.params.period_frames - device.written_frames
        device.write(block[: max(0, missing) * PARAMS.frame_octets], now_ns)
        writes.append(time.monotonic_ns() - looked_ns)
        looks.append(looked_ns - begun_ns)

    line = device.interrupts(loop, feed)
    feed(loop.now_ns())
    device.start(loop.now_ns())
    loop.run_until(lambda: False, loop.now_ns() + seconds * NS_PER_S)
    earliest = min(came[10:])
    for what, took_ns in (("late", [each - earliest for each in came[10:]]), ("position", looks), ("write", writes)):
        took_ns.sort()
        print(
            name,
            what,
            f"p50 {took_ns[len(took_ns) // 2] / 1000:.1f} us p99 {took_ns[-len(took_ns) // 100] / 1000:.1f} us",
        )
    print(name, len(came), "interrupts,", line.idle_wakes, "idle,", line.missed_wakes, "missed;", device.statistics())
    device.close()


def main(arguments: list[str]) -> None:
    """Do what is asked."""
    loop = RealLoop()
    if arguments[0] == "rules":
        rules(arguments[1:], loop)
    elif arguments[0] == "unplug":
        unplug(arguments[1], loop)
    else:
        late(arguments[1], int(arguments[2]), loop)
    loop.close()


if __name__ == "__main__":
    main(sys.argv[1:])
