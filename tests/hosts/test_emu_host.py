"""The emulated machine keeps the contract of hosts.api, and what only real processes can show."""

import fcntl
import mmap
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from errno import EACCES, EADDRINUSE, EBADMSG, EBUSY, EINVAL, ENOENT
from pathlib import Path

import pytest

from hosts.api import Host, HostError
from hosts.checks import RULES, check_rule
from hosts.contract.helpers import Rule
from hosts.emu.client import EmuHost, open_store
from hosts.emu.hostd import HostDaemon
from hosts.emu.memory import check_share, make_share
from hosts.emu.messages import Done, Share, broker_path, receive, replies, send
from hosts.emu.tables import PAGES_MAX
from hosts.loop import RealLoop
from tests.hosts.emulated import machine


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with machine(tmp_path_factory.mktemp("machine"), (1, 2, 7)) as directory:
        yield directory


@pytest.fixture
def loop() -> Iterator[RealLoop]:
    loop = RealLoop()
    yield loop
    loop.close()


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.__name__)
def test_rule_holds(rule: Rule, folder: Path, loop: RealLoop) -> None:
    def make_pair() -> tuple[Host, Host]:
        return EmuHost(folder, 0, loop), EmuHost(folder, 7, loop)

    check_rule(rule, make_pair)


def test_a_domain_is_one_process(folder: Path, loop: RealLoop) -> None:
    host = EmuHost(folder, 1, loop)
    with pytest.raises(HostError, match="connected already") as refused:
        EmuHost(folder, 1, loop)
    assert refused.value.errno == EBUSY
    host.close()


def test_where_no_machine_runs_is_said(tmp_path: Path, loop: RealLoop) -> None:
    with pytest.raises(HostError, match="no machine runs there") as refused:
        EmuHost(tmp_path, 1, loop)
    assert refused.value.errno == ENOENT


def test_a_second_machine_in_the_same_folder_is_refused(folder: Path, loop: RealLoop) -> None:
    with pytest.raises(HostError, match="another machine") as refused:
        HostDaemon(folder, [1], loop)
    assert refused.value.errno == EADDRINUSE


def test_a_killed_guest_is_released(folder: Path, loop: RealLoop) -> None:
    """Its ports are closed, its grants are gone, and @releaseDomain fires."""
    script = (
        "import sys\nfrom pathlib import Path\nfrom hosts.emu.client import EmuHost\nfrom hosts.loop import RealLoop\n"
        "host = EmuHost(Path(sys.argv[1]), 2, RealLoop())\n"
        "print(host.share(0, 3).refs[0], host.offer_channel(0).port, flush=True)\nsys.stdin.read()\n"
    )
    guest = subprocess.Popen(
        [sys.executable, "-c", script, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert guest.stdin is not None
    assert guest.stdout is not None
    ref, port = map(int, guest.stdout.readline().split())
    dom0 = EmuHost(folder, 0, loop)
    mapping = dom0.map(2, [ref])
    released: list[str] = []
    dom0.store.watch("@releaseDomain", released.append)
    loop.run_until(lambda: bool(released), loop.now_ns() + 5_000_000_000)
    released.clear()
    os.kill(guest.pid, signal.SIGKILL)
    guest.communicate()
    assert loop.run_until(lambda: bool(released), loop.now_ns() + 5_000_000_000), "@releaseDomain did not fire"
    with pytest.raises(HostError) as gone:
        dom0.map(2, [ref])
    assert gone.value.errno == EACCES
    with pytest.raises(HostError) as closed:
        dom0.bind_channel(2, port)
    assert closed.value.errno == ENOENT
    mapping.pages[0][0] = 1  # what was mapped stays mapped: no SIGBUS
    dom0.close()


def test_pages_granted_read_only_cannot_be_mapped_writable_by_any_means() -> None:
    fd, mapped = make_share(1, writable=False)
    mapped.views[0][:5] = b"still"  # the owner's own mapping goes on
    with pytest.raises(PermissionError):
        mmap.mmap(fd, 4096, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
    again = os.open(f"/proc/self/fd/{fd}", os.O_RDWR)
    with pytest.raises(PermissionError):
        mmap.mmap(again, 4096, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE)
    with pytest.raises(PermissionError):
        os.write(again, b"x")
    assert mmap.mmap(fd, 4096, mmap.MAP_SHARED, mmap.PROT_READ)[:5] == b"still"
    os.close(again)
    mapped.release()
    os.close(fd)


def test_shared_memory_cannot_be_shrunk() -> None:
    fd, mapped = make_share(2, writable=True)
    for size in (4096, 3 * 4096):
        with pytest.raises(PermissionError):
            os.ftruncate(fd, size)
    with pytest.raises(PermissionError):
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE)
    mapped.release()
    os.close(fd)


def test_memory_that_could_still_change_is_refused(tmp_path: Path) -> None:
    unsealed = os.memfd_create("unsealed", os.MFD_ALLOW_SEALING)
    os.ftruncate(unsealed, 4096)
    with pytest.raises(HostError) as refused:
        check_share(unsealed, 1, writable=True)
    assert refused.value.errno == EINVAL
    with (tmp_path / "file").open("w+b") as file, pytest.raises(HostError, match="not a memfd"):
        check_share(file.fileno(), 1, writable=True)
    fd, mapped = make_share(2, writable=True)
    with pytest.raises(HostError, match="want 3 pages"):
        check_share(fd, 3, writable=True)
    with pytest.raises(HostError, match="seals"):
        check_share(fd, 2, writable=False)
    mapped.release()
    os.close(fd)
    os.close(unsealed)


@pytest.mark.parametrize("garbage", [b"\0", b"{}", b'{"type":"Map"}', b"[" * 30000, b'{"type":"Share","peer":-1}'])
def test_garbage_costs_only_its_sender(folder: Path, loop: RealLoop, garbage: bytes) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as hostile:
        hostile.settimeout(5)
        hostile.connect(str(broker_path(folder, 2)))
        hostile.send(garbage)
        with suppress(ConnectionResetError):
            assert hostile.recv(1) == b"", "thrown out"
    other = EmuHost(folder, 1, loop)
    other.store.write("data", "fine")
    other.close()


def test_descriptors_nobody_asked_for_are_refused(folder: Path, loop: RealLoop) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as hostile:
        hostile.settimeout(5)
        hostile.connect(str(broker_path(folder, 2)))
        send(hostile, Share(0, 1, True), (0, 1, 2))
        answer = receive(hostile, replies)
        assert answer is not None
        assert not isinstance(answer[0], Done)
        assert getattr(answer[0], "errno", None) == EBADMSG


def test_a_domain_cannot_share_without_bound(folder: Path, loop: RealLoop) -> None:
    host = EmuHost(folder, 1, loop)
    for _ in range(PAGES_MAX // 1024):
        host.share(0, 1024)
    with pytest.raises(HostError, match="as much as it may"):
        host.share(0, 1024)
    host.close()


def test_a_toolstack_needs_no_loop(folder: Path) -> None:
    with open_store(folder, 0) as store:
        store.write("/tool/test", "x" * 100)
        assert store.read("/tool/test") == "x" * 100
        store.remove("/tool/test")
        assert store.read("/tool/test") is None


def test_a_directory_too_long_for_one_message_is_read_in_parts(folder: Path) -> None:
    names = [f"{'n' * 60}{number}" for number in range(200)]
    with open_store(folder, 0) as store:
        for name in names:
            store.write(f"/tool/long/{name}", "")
        assert sorted(store.list("/tool/long")) == sorted(names)
        store.remove("/tool/long")
