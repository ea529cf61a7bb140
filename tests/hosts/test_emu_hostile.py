"""What a hostile guest may try against the emulated machine, and that it costs nobody else anything."""

import fcntl
import os
import socket
from collections.abc import Iterator
from errno import EINVAL, ENOMEM
from pathlib import Path

import pytest

from hosts.api import HostError
from hosts.emu.client import EmuHost
from hosts.emu.memory import check_share, make_share, map_shares
from hosts.emu.messages import FDS_MAX, REFS_MAX, Done, Map, Share, broker_path, receive, replies, send
from hosts.loop import RealLoop
from hosts.memfd import SEALS
from tests.hosts.emulated import machine

NEVER_NS = 10_000_000_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with machine(tmp_path_factory.mktemp("machine"), (1, 7)) as directory:
        yield directory


@pytest.fixture
def loop() -> Iterator[RealLoop]:
    loop = RealLoop()
    yield loop
    loop.close()


@pytest.fixture
def dom0(folder: Path, loop: RealLoop) -> Iterator[EmuHost]:
    host = EmuHost(folder, 0, loop)
    yield host
    host.close()


@pytest.fixture
def guest(folder: Path, loop: RealLoop) -> Iterator[EmuHost]:
    host = EmuHost(folder, 7, loop)
    yield host
    host.close()


def ask_unheard(hostile: socket.socket) -> None:
    """Ask for as many descriptors as one answer holds, again and again, and never read one."""
    refs: list[int] = []
    for _ in range(FDS_MAX):
        fd, pages = make_share(1, writable=True)
        send(hostile, Share(7, 1, writable=True), (fd,))
        os.close(fd)
        pages.release()
        answer = receive(hostile, replies)
        assert answer is not None
        assert isinstance(answer[0], Done)
        refs.append(answer[0].number)
    for _ in range(100_000):
        send(hostile, Map(7, refs, writable=True))


def test_asking_again_with_an_answer_unread_ends_the_connection(folder: Path, loop: RealLoop) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as hostile:
        hostile.settimeout(5)
        hostile.connect(str(broker_path(folder, 7)))
        with pytest.raises(OSError, match=r"Broken pipe|reset"):
            ask_unheard(hostile)


def test_descriptors_nobody_receives_cannot_use_up_those_of_the_machine(tmp_path: Path, loop: RealLoop) -> None:
    """The daemon without the capabilities that free root from the limit, and with a low one."""
    dropped = "-sys_admin,-sys_resource"
    limits = ["prlimit", "--nofile=600:600", "setpriv", f"--bounding-set={dropped}", f"--inh-caps={dropped}"]
    with machine(tmp_path, (1, 7), under=limits if os.geteuid() == 0 else limits[:2]) as folder:
        innocent = EmuHost(folder, 1, loop)
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as hostile:
            hostile.connect(str(broker_path(folder, 7)))
            with pytest.raises(OSError, match=r"Broken pipe|reset"):
                ask_unheard(hostile)
            innocent.offer_channel(0).close()
        innocent.close()


def test_huge_pages_are_refused() -> None:
    fd = os.memfd_create("huge", os.MFD_ALLOW_SEALING | os.MFD_HUGETLB)
    os.ftruncate(fd, 2 << 20)
    fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
    with pytest.raises(HostError, match="ordinary") as refused:
        check_share(fd, 512, writable=True)
    assert refused.value.errno == EINVAL
    with pytest.raises(HostError) as unmappable:  # should the daemon have let them pass
        map_shares([fd], [(0, 1)], writable=True)
    assert unmappable.value.errno in (EINVAL, ENOMEM)
    os.close(fd)


@pytest.mark.parametrize("count", [0, REFS_MAX + 1])
def test_an_impossible_mapping_is_refused_and_the_domain_lives(dom0: EmuHost, count: int) -> None:
    with pytest.raises(HostError, match="references") as refused:
        dom0.map(7, range(8, 8 + count))
    assert refused.value.errno == EINVAL
    dom0.offer_channel(7).close()


def test_rewriting_a_node_is_no_flood(dom0: EmuHost, guest: EmuHost, loop: RealLoop) -> None:
    """However often a guest writes while Dom0 is busy, one call is waiting for it afterwards."""
    heard: list[str] = []
    dom0.store.watch("/local/domain/7/data", heard.append)
    loop.run_until(lambda: bool(heard), loop.now_ns() + NEVER_NS)
    heard.clear()
    for number in range(500):
        guest.store.write("data", str(number))
        dom0.store.read("/tool")  # each time the event comes along
    loop.run_until(lambda: bool(heard), loop.now_ns() + NEVER_NS)
    assert heard == ["/local/domain/7/data"]
