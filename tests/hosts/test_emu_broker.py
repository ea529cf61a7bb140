"""The daemon's side of a domain's connection: nothing that a domain sends, or leaves unread, costs anybody else."""

import logging
import os
import random
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from errno import EBADMSG, EINVAL
from pathlib import Path

import pytest

from hosts.complaints import Complaints
from hosts.emu.broker import MESSAGES_PER_PASS, Broker
from hosts.emu.client import EmuHost
from hosts.emu.memory import make_share
from hosts.emu.messages import (
    FDS_MAX,
    Bind,
    ClosePort,
    Done,
    EndShare,
    Map,
    Mapped,
    Offer,
    Refused,
    Reply,
    Request,
    Share,
    broker_path,
    close_all,
    receive,
    replies,
    send,
    store_path,
)
from hosts.emu.tables import GrantTable, PortTable
from hosts.loop import RealLoop
from hosts.xswire import HEADER
from tests.hosts.descriptors import open_descriptors
from tests.hosts.emulated import machine

LIMIT_NS = 10_000_000_000


LOG = logging.getLogger("vsnd.host")


class Domain:
    """Domain `domid`, and its broker, in one process."""

    def __init__(self, domid: int, loop: RealLoop, tables: tuple[GrantTable, PortTable]) -> None:
        self._loop = loop
        self.ended = 0
        self.socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.socket.setblocking(False)
        self.broker = Broker(domid, theirs, loop, tables, Complaints(loop, LOG), self._on_end)

    def ask(self, request: Request, fds: tuple[int, ...] = ()) -> tuple[Reply, list[int]]:
        send(self.socket, request, fds)
        answers: list[tuple[Reply, list[int]]] = []

        def answered() -> bool:
            with suppress(BlockingIOError):
                answer = receive(self.socket, replies)
                assert answer is not None, "the broker hung up"
                answers.append(answer)
            return bool(answers)

        assert self._loop.run_until(answered, self._loop.now_ns() + LIMIT_NS)
        return answers[0]

    def run_until_ended(self) -> None:
        assert self._loop.run_until(lambda: bool(self.ended), self._loop.now_ns() + LIMIT_NS)

    def _on_end(self) -> None:
        self.ended += 1


NewDomain = Callable[[int], Domain]


@pytest.fixture
def loop() -> Iterator[RealLoop]:
    before = open_descriptors()
    loop = RealLoop()
    yield loop
    loop.close()
    assert open_descriptors() == before


@pytest.fixture
def new_domain(loop: RealLoop) -> Iterator[NewDomain]:
    tables = GrantTable(), PortTable()
    domains: list[Domain] = []

    def new(domid: int) -> Domain:
        domains.append(Domain(domid, loop, tables))
        return domains[-1]

    yield new
    for domain in domains:
        domain.broker.close()
        domain.broker.close()
        domain.socket.close()
        assert domain.ended == 1, "its end is told once"


def share(domain: Domain, peer: int, pages: int) -> int:
    fd, own = make_share(pages, writable=True)
    own.release()
    reply, _ = domain.ask(Share(peer, pages, True), (fd,))
    os.close(fd)
    assert isinstance(reply, Done)
    return reply.number


def works(new_domain: NewDomain) -> bool:
    return isinstance(new_domain(9).ask(EndShare(1))[0], Refused)


def test_pages_of_several_shares_come_in_one_answer(new_domain: NewDomain) -> None:
    dom0, guest = new_domain(0), new_domain(1)
    first, second = share(guest, 0, 2), share(guest, 0, 3)
    reply, fds = dom0.ask(Map(1, [second + 2, first, second, first + 1], True))
    assert reply == Mapped([(0, 2), (1, 0), (0, 0), (1, 1)])
    assert [os.fstat(fd).st_size for fd in fds] == [3 * 4096, 2 * 4096]
    close_all(fds)


def test_pages_of_more_shares_than_descriptors_may_travel_are_refused(new_domain: NewDomain) -> None:
    dom0, guest = new_domain(0), new_domain(1)
    refs = [share(guest, 0, 1) for _ in range(FDS_MAX + 1)]
    reply, fds = dom0.ask(Map(1, refs, True))
    assert isinstance(reply, Refused)
    assert reply.errno == EBADMSG
    assert not fds
    close_all(dom0.ask(Map(1, refs[1:], True))[1])


@pytest.mark.parametrize("count", [0, 2, FDS_MAX])
def test_a_share_is_of_one_descriptor(new_domain: NewDomain, count: int) -> None:
    reply, _ = new_domain(1).ask(Share(0, 1, True), (0,) * count)
    assert isinstance(reply, Refused)
    assert reply.errno == EBADMSG


def test_a_share_of_something_else_is_refused(new_domain: NewDomain) -> None:
    pipe = os.pipe()
    reply, _ = new_domain(1).ask(Share(0, 1, True), (pipe[0],))
    assert isinstance(reply, Refused)
    assert reply.errno == EINVAL
    close_all(pipe)


@pytest.mark.parametrize("request_", [Offer(0), EndShare(9), ClosePort(9), Bind(0, 1), Map(0, [8], False)])
def test_descriptors_with_any_other_request_are_closed(new_domain: NewDomain, request_: Request) -> None:
    _, fds = new_domain(1).ask(request_, (0, 1, 2))
    close_all(fds)


def test_a_domain_that_reads_no_answers_loses_its_connection(new_domain: NewDomain, loop: RealLoop) -> None:
    hostile = new_domain(1)
    while not hostile.ended:
        with suppress(BlockingIOError, BrokenPipeError):
            for _ in range(MESSAGES_PER_PASS):
                send(hostile.socket, EndShare(9))
        loop.run_until(lambda: bool(hostile.ended), loop.now_ns() + 1_000_000)
    assert works(new_domain)


def test_the_end_of_a_connection_lets_go_of_all_it_had(new_domain: NewDomain) -> None:
    dom0, guest = new_domain(0), new_domain(1)
    ref = share(guest, 0, 1)
    port, fds = guest.ask(Offer(0))
    assert isinstance(port, Done)
    close_all(fds)
    guest.socket.close()
    guest.run_until_ended()
    assert isinstance(dom0.ask(Map(1, [ref], True))[0], Refused)
    assert isinstance(dom0.ask(Bind(1, port.number))[0], Refused)


@pytest.mark.parametrize("seed", range(3))
def test_requests_at_random_are_all_answered_and_leave_nothing(new_domain: NewDomain, seed: int) -> None:
    rng = random.Random(seed)
    domains = [new_domain(domid) for domid in range(3)]

    def some_request() -> Request:
        peer, number = rng.randrange(3), rng.randrange(12)
        return rng.choice(
            (Offer(peer), Bind(peer, number), ClosePort(number), EndShare(number), Map(peer, [number], number > 5))
        )

    for _ in range(400):
        domain = rng.choice(domains)
        if rng.random() < 0.2:
            share(domain, rng.randrange(3), rng.randrange(1, 4))
        else:
            close_all(domain.ask(some_request())[1])
    for domain in domains:
        domain.socket.close()
        domain.run_until_ended()


# -- the daemon's own process -----------------------------------------------------------------------------------------

GARBAGE = (
    b'{"type":"\xff"}',
    b'{"type":"Offer","more":' + b"[" * 10_000,
    b'{"type":"Map","peer":2,"refs":[0],"writable":false}' * 600,
    b"\0",
)


def throw(path: Path, kind: int, garbage: bytes) -> None:
    """Connect, send, and leave without reading."""
    with socket.socket(socket.AF_UNIX, kind) as hostile, suppress(BrokenPipeError, ConnectionResetError):
        hostile.connect(str(path))
        hostile.send(garbage)


def test_no_client_ends_the_machine(tmp_path: Path) -> None:
    """The fixture sees to it that the daemon has not failed, nor said anything of an exception."""
    loop = RealLoop()
    with machine(tmp_path, (1, 2)) as folder:
        for garbage in (*GARBAGE, HEADER.pack(11, 0, 0, 9999), HEADER.pack(2, 0, 0, 5)[:3], os.urandom(500)):
            throw(broker_path(folder, 1), socket.SOCK_SEQPACKET, garbage)
            throw(store_path(folder, 1), socket.SOCK_STREAM, garbage)
        other = EmuHost(folder, 2, loop)
        other.store.write("data", "fine")
        assert other.store.read("data") == "fine"
        other.share(0, 1).end()
        other.close()
    loop.close()
