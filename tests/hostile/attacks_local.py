"""What a hostile local application may do to a backend, by the socket and by the region that it is given.

Each attack is given the socket's path, and ends with nothing of its own open.  What it gets to see does not matter
here; `tests.hostile.test_local` says what everybody else is to see of it: nothing.
"""

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from hosts.api import HostError
from hosts.channel.api import ChannelError
from hosts.channel.calls import Caller, encode
from hosts.channel.opening import connected
from hosts.channel.passing import close_all
from hosts.local.memory import RegionMemory, map_region
from hosts.local.messages import Ask, Describe, Register, Registered, Reply, Request, SetVolume, Start, replies
from ringproto.local.region import HEADER_OCTETS, OUTPUT_STAMPS_AT, Word, words_of

CONNECTIONS = 40
MESSAGES = 2000
TONE = Register(name="mallory", playback_channels=2, capture_channels=2, ring_periods=2)
NONSENSE = (b"\x00", b"nonsense", b"\x92\x01\xc0", b"\xdd\xff\xff\xff\xff", b"\x91" * 5000, bytes(60000))

Attack = Callable[[Path], None]


@contextmanager
def registered(path: Path, *, start: bool = True) -> Iterator[tuple[Caller[Request, Reply], RegionMemory]]:
    """An application that has been let in, and its region."""
    channel = connected(path)
    caller = Caller[Request, Reply](channel, replies, lambda heard: None)
    answer = caller.ask(TONE)
    assert isinstance(answer.body, Registered), answer
    memory = map_region(answer.fds[0])
    try:
        if start:
            caller.ask(Start())
        yield caller, memory
    finally:
        memory.close()
        close_all(answer.fds)
        channel.close()


def until_turned_out(caller: Caller[Request, Reply]) -> None:
    """Ask until there is no answer any more."""
    with suppress(ChannelError, HostError):
        while True:
            caller.ask(Ask())


def talk_nonsense(path: Path) -> None:
    """Messages that are none."""
    for nonsense in NONSENSE:
        channel = connected(path)
        channel.send(nonsense)
        channel.close()


def send_packets_of_no_kind(path: Path) -> None:
    """Below the messages: kinds that nobody knows, nothing at all, too much."""
    for packet in (b"\xff", b"\x02", b"\x03" + bytes(100), b"\x01", b"\x01" + bytes(150_000)):
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as raw:
            raw.connect(str(path))
            with suppress(OSError):
                raw.send(packet)


def send_descriptors(path: Path) -> None:
    """Descriptors that nobody asked for, with every message."""
    pipe = os.pipe()
    with registered(path) as (caller, _):
        for _ in range(50):
            caller.ask(Ask(), pipe)
    close_all(pipe)


def come_and_say_nothing(path: Path) -> None:
    """As many as there is room for, at once."""
    channels = [connected(path) for _ in range(CONNECTIONS // 2)]
    for channel in channels:
        channel.close()


def come_and_go(path: Path) -> None:
    """Register, start, and vanish, over and over."""
    for _ in range(CONNECTIONS // 2):
        with registered(path):
            continue


def never_read(path: Path) -> None:
    """Ask, and read no answer."""
    channel = connected(path)
    for tag in range(1, MESSAGES):
        channel.send(encode(Describe(), tag))
    channel.close()


def ask_without_end(path: Path) -> None:
    """Change the volume as fast as can be."""
    with registered(path) as (caller, _):
        for level in range(300):
            caller.ask(SetVolume("playback", [-level, -level]))


def lie_about_words(path: Path) -> None:
    """Each word of its own, each with what cannot be."""
    for word in (Word.PRODUCED, Word.TAKEN, Word.WOKEN):
        with registered(path) as (caller, memory):
            words_of(memory.view)[word] = (1 << 64) - 1
            until_turned_out(caller)


def scribble(path: Path) -> None:
    """Noise all over the region, header, words, stamps and sound, while it is served."""
    noise = np.random.default_rng(1)
    for _ in range(5):
        with registered(path) as (caller, memory), suppress(ChannelError):
            for _ in range(60):
                memory.view[:] = noise.bytes(len(memory.view))
                caller.ask(Ask())


def play_what_is_no_sound(path: Path) -> None:
    """Blocks that are in time, of NaN and infinities."""
    with registered(path) as (caller, memory):
        sound = np.frombuffer(memory.view[HEADER_OCTETS:], np.float32)
        sound[::2], sound[1::2] = np.nan, np.inf
        words = words_of(memory.view)
        with suppress(ChannelError):
            for block in range(40):
                words[OUTPUT_STAMPS_AT + block % 2] = block + 1
                caller.ask(Ask())
        del sound, words


def change_the_region(path: Path) -> None:
    """Cut it short, make it longer: the seals are the kernel's to keep."""
    channel = connected(path)
    caller = Caller[Request, Reply](channel, replies, lambda heard: None)
    region, bell = caller.ask(TONE).fds
    for size in (0, 4096, 1 << 30):
        with suppress(PermissionError):
            os.ftruncate(region, size)
    with suppress(OSError):
        os.eventfd_write(bell, (1 << 64) - 2)
    os.set_blocking(bell, True)
    caller.ask(Start())
    for _ in range(50):
        caller.ask(Ask())
    close_all((region, bell))
    channel.close()


ATTACKS: dict[str, Attack] = {
    attack.__name__: attack
    for attack in (
        talk_nonsense,
        send_packets_of_no_kind,
        send_descriptors,
        come_and_say_nothing,
        come_and_go,
        never_read,
        ask_without_end,
        lie_about_words,
        scribble,
        play_what_is_no_sound,
        change_the_region,
    )
}
