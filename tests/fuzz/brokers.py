"""A fuzz target that is a guest of the emulated machine's broker: messages and descriptors of any kind."""

import logging
import os
import socket
from contextlib import suppress

import msgspec

from hosts.complaints import Complaints
from hosts.emu.broker import Broker
from hosts.emu.memory import make_share
from hosts.emu.messages import (
    Bind,
    ClosePort,
    Done,
    EndShare,
    Map,
    Mapped,
    Offer,
    Request,
    Share,
    close_all,
    receive,
    replies,
    send,
)
from hosts.emu.tables import GrantTable, PortTable
from hosts.loop import RealLoop
from tests.fuzz.choices import Choices
from tests.fuzz.dom0 import HOSTILE, NEIGHBOUR, quiet

STEPS_MAX = 40
SHARED_PAGES = 2


class Domain:
    """One domain's end of its broker."""

    def __init__(self, domid: int, loop: RealLoop, tables: tuple[GrantTable, PortTable]) -> None:
        self._loop = loop
        self.ended = False
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.setblocking(False)
        self.broker = Broker(
            domid, theirs, loop, tables, Complaints(loop, logging.getLogger("vsnd.host")), self._on_end
        )

    def _on_end(self) -> None:
        self.ended = True

    def pump(self) -> None:
        """Let the broker do what it has to do now: the loop looks at its descriptors before it gets to what is soon."""
        looked: list[int] = []
        self._loop.call_soon(looked.append)
        self._loop.run_until(lambda: bool(looked))

    def ask(self, request: Request, fds: tuple[int, ...] = ()) -> bool:
        """Whether it was done."""
        send(self.socket, request, fds)
        self.pump()
        return self.take()

    def take(self) -> bool:
        """Read an answer, if there is one; whether it says that something was done."""
        with suppress(BlockingIOError):
            answer = receive(self.socket, replies)
            if answer is not None:
                close_all(answer[1])
                return isinstance(answer[0], Done | Mapped)
        return False

    def close(self) -> None:
        """Leave."""
        self.broker.close()
        self.socket.close()


def broker(data: bytes) -> None:
    """Requests that mean something, octets that mean nothing, descriptors that nobody wants.

    The neighbour is served meanwhile and afterwards, and when all have left no descriptor is open.
    """
    choices, loop = Choices(data), RealLoop()
    before = _open_descriptors()
    tables = GrantTable(), PortTable()
    hostile, neighbour = Domain(HOSTILE, loop, tables), Domain(NEIGHBOUR, loop, tables)
    with quiet("vsnd.host") as watcher:
        for _ in range(STEPS_MAX):
            if hostile.ended or not choices.left:
                break
            _send(choices, hostile)
        watcher.check()
    assert neighbour.ask(Offer(HOSTILE))
    for domain in (hostile, neighbour):
        domain.close()
    assert _open_descriptors() == before
    loop.close()


def _send(choices: Choices, hostile: Domain) -> None:
    fds = _descriptors(choices)
    payload = choices.piece() if choices.below(3) == 0 else msgspec.json.encode(_request(choices))
    with suppress(OSError):  # the broker hung up
        if fds:
            socket.send_fds(hostile.socket, [payload], fds, socket.MSG_NOSIGNAL)
        else:
            hostile.socket.send(payload, socket.MSG_NOSIGNAL)
    close_all(fds)
    hostile.pump()
    if choices.below(8):
        with suppress(OSError):
            hostile.take()


def _descriptors(choices: Choices) -> list[int]:
    kind = choices.below(6)
    if kind == 0:
        return [os.open("/dev/null", os.O_RDONLY | os.O_CLOEXEC) for _ in range(choices.below(4))]
    if kind < 4:
        fd, mapped = make_share(SHARED_PAGES, writable=kind != 1)
        mapped.release()
        return [fd]
    return []


def _request(choices: Choices) -> Request:
    peer, number, writable = choices.below(3), choices.below(16), bool(choices.below(2))
    kinds: tuple[Request, ...] = (
        Share(peer, SHARED_PAGES, writable), Share(peer, 1 + number, writable), EndShare(number), Offer(peer),
        Map(peer, [choices.number() for _ in range(1 + number)], writable), Bind(peer, number), ClosePort(number),
    )  # fmt: skip
    return kinds[choices.below(len(kinds))]


def _open_descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208  # ten thousand times a second
