"""What a hostile guest might try, from inside its container: `python - NAME ARGS... <attempts.py`; prints JSON.

It has only what the image has.  Each attempt says what it reached, or the errno that stopped it, by name.
"""

import ctypes
import errno
import json
import os
import signal
import socket
import sys
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hosts.emu.client import EmuHost
from hosts.emu.storeclient import EmuStore, StoreSocket
from hosts.loop import RealLoop
from hosts.xswire import Kind, pack_strings

MACHINE = Path("/machine")
OURS = MACHINE / "dom1"
PSEUDO = ("/proc", "/sys", "/dev/pts", "/dev/fd")

libc = ctypes.CDLL(None, use_errno=True)


def outcome(attempt: Callable[[], object]) -> str:
    """The name of the errno that the attempt met, or "done"."""
    try:
        attempt()
    except OSError as error:
        return errno.errorcode.get(error.errno or 0, str(error))
    return "done"


def called(name: str, *arguments: object) -> str:
    """The same for a function of the C library."""
    return "done" if getattr(libc, name)(*arguments) >= 0 else errno.errorcode[ctypes.get_errno()]


def folders() -> list[str]:
    """Every folder that we can see, but for the kernel's own views."""
    return [place for place, _, _ in os.walk("/") if not place.startswith(PSEUDO)]


def rights() -> object:
    """What the kernel says that we may."""
    lines = dict(line.split(":\t", 1) for line in Path("/proc/self/status").read_text().splitlines() if ":\t" in line)
    wanted = ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp")
    return {"uid": os.getuid(), **{name: int(lines[name], 16) for name in wanted}}


def sockets() -> object:
    """All that can be connected to: by a path, or by an abstract name."""
    paths = [path for place in folders() for path in Path(place).iterdir()]
    abstract = [
        line.split()[-1] for line in Path("/proc/net/unix").read_text().splitlines() if line.split()[-1][0] == "@"
    ]
    return {"paths": sorted(str(path) for path in paths if path.is_socket()), "abstract": abstract}


def spoil_sockets() -> object:
    """Put ourselves in the daemon's place on our own sockets, or make others for it to trip over."""
    return {
        "unlink": outcome((OURS / "broker").unlink),
        "rename": outcome(lambda: (OURS / "broker").rename(OURS / "other")),
        "bind": outcome(lambda: socket.socket(socket.AF_UNIX).bind(str(OURS / "mine"))),
        "mkdir": outcome((MACHINE / "dom2").mkdir),
        "chmod": outcome(lambda: (OURS / "broker").chmod(0o777)),
    }


def store() -> object:
    """Others' nodes, and what only Dom0 may ask."""
    client = EmuStore(OURS / "xenstored", None)
    verbs: dict[str, Callable[[str], object]] = {
        "read": client.read,
        "list": client.list,
        "write": lambda path: client.write(path, "6"),
        "remove": client.remove,
        "permit": lambda path: client.set_perms(path, ("n1",)),
    }
    nodes = ["/local/domain/0/backend/vsnd/2/0/state", "/local/domain/2/name"]
    nodes += ["/local/domain/2/device/vsnd/0/state", "/local/domain/2/device/vsnd/0/0/0/ring-ref"]
    found = Counter(outcome(lambda: verb(node)) for verb in verbs.values() for node in nodes)  # noqa: B023
    raw = StoreSocket(OURS / "xenstored", None, lambda path, token: None, lambda: None)
    dom0s = {Kind.INTRODUCE: ("2", "1", "1"), Kind.RELEASE: ("2",), Kind.RESUME: ("2",), Kind.SET_TARGET: ("1", "2")}
    asked = Counter(outcome(lambda: raw.ask(kind, pack_strings(*arguments), 0)) for kind, arguments in dom0s.items())  # noqa: B023
    return {"nodes": found, "dom0": asked, "own": client.read("/local/domain/1/device/vsnd/0/backend-id")}


def guess(peers: str) -> object:
    """Map pages and bind ports of others by guessing their numbers."""
    host = EmuHost(MACHINE, 1, RealLoop())
    pages: Counter[str] = Counter()
    ports: Counter[str] = Counter()
    for peer in map(int, peers.split(",")):
        pages.update(outcome(lambda: host.map(peer, [ref], writable=False)) for ref in range(2048))  # noqa: B023
        ports.update(outcome(lambda: host.bind_channel(peer, port)) for port in range(256))  # noqa: B023
    return {"pages": pages, "ports": ports}


def peer() -> object:
    """Who the kernel says is behind our socket."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(OURS / "xenstored"))
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    return {"pid": int.from_bytes(credentials[:4], sys.byteorder)}


def network() -> object:
    """Reach anybody, by any kind of socket."""

    def connect(family: int, kind: int, address: tuple[object, ...]) -> None:
        with socket.socket(family, kind) as connection:
            connection.settimeout(5)
            connection.connect(address)

    return {
        "interfaces": sorted(path.name for path in Path("/sys/class/net").iterdir()),
        "tcp": outcome(lambda: connect(socket.AF_INET, socket.SOCK_STREAM, ("192.0.2.1", 80))),  # RFC 5737: nobody's
        "udp": outcome(lambda: connect(socket.AF_INET, socket.SOCK_DGRAM, ("192.0.2.1", 53))),
        "tcp6": outcome(lambda: connect(socket.AF_INET6, socket.SOCK_STREAM, ("2001:db8::1", 80))),  # RFC 3849
        "packet": outcome(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW)),
        "raw": outcome(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1)),
    }


def writing() -> object:
    """Make a file in every folder there is; mount; have a user namespace; turn the kernel's own knobs."""

    def make(folder: str) -> None:
        path = Path(folder) / "attempt"
        path.touch()
        path.unlink()

    return {
        "folders": [folder for folder in folders() if outcome(lambda: make(folder)) == "done"],  # noqa: B023
        "remount": called("mount", None, b"/", None, 32, None),  # MS_REMOUNT
        "mount": called("mount", b"none", b"/tmp", b"tmpfs", 0, None),
        "unshare": called("unshare", 0x10000000),  # CLONE_NEWUSER
        "sysctl": outcome(lambda: Path("/proc/sys/kernel/core_pattern").write_text("|/tmp/mine")),
        "cgroup": outcome(lambda: Path("/sys/fs/cgroup/memory/memory.limit_in_bytes").write_text("-1")),
        "program": outcome(lambda: Path("/opt/vsnd/bin/vsnd").write_text("mine")),
    }


def processes(theirs: str) -> object:
    """See, signal, read or take descriptors of processes of others, whose ids on the machine somebody told us."""
    tries: dict[str, list[str]] = {"pidfd_open": [], "kill": [], "ptrace": [], "read": [], "write": []}
    place = (ctypes.c_size_t * 2)(0x1000, 1)
    for pid in map(int, theirs.split(",")):
        tries["pidfd_open"].append(outcome(lambda: os.pidfd_open(pid)))  # noqa: B023
        tries["kill"].append(outcome(lambda: os.kill(pid, 0)))  # noqa: B023
        tries["ptrace"].append(called("ptrace", 0x4206, pid, 0, 0))  # PTRACE_SEIZE, which ends with us
        tries["read"].append(called("process_vm_readv", pid, place, 1, place, 1, 0))
        tries["write"].append(called("process_vm_writev", pid, place, 1, place, 1, 0))
    seen = [path.read_text() for path in Path("/proc").glob("[0-9]*/cmdline")]
    own = os.pidfd_open(os.getppid() or 1)
    return {
        **tries,
        "pidfd_getfd": called("syscall", 438, own, 0, 0),
        "others": [c for c in seen if "dom0" in c or "hosts.emu" in c],
    }


def fork_bomb() -> object:
    """As many processes as we get."""
    children: list[int] = []
    stopped = ""
    while len(children) < 4096 and not stopped:
        try:
            child = os.fork()
        except OSError as error:
            stopped = errno.errorcode[error.errno or 0]
            break
        if child == 0:
            signal.pause()
            os._exit(0)
        children.append(child)
    for child in children:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return {"children": len(children), "stopped": stopped}


def memory(octets: str) -> object:
    """As much memory as that."""
    pages = bytearray(int(octets))
    pages[::4096] = b"1" * len(pages[::4096])
    return {"octets": len(pages)}


def disk(folder: str) -> object:
    """As many octets in a folder as fit."""
    written = 0
    path = Path(folder) / "filling"
    with suppress(OSError), path.open("wb", buffering=0) as file:
        while written < 1 << 30:
            written += file.write(bytes(1 << 20))
    path.unlink()
    return {"octets": written}


def main() -> None:
    """Do the attempt that is named."""
    attempts = (
        rights,
        sockets,
        spoil_sockets,
        store,
        guess,
        peer,
        network,
        writing,
        processes,
        fork_bomb,
        memory,
        disk,
    )
    _, name, *arguments = sys.argv
    chosen: Callable[..., object] = {attempt.__name__: attempt for attempt in attempts}[name]
    print(json.dumps(chosen(*arguments)))


if __name__ == "__main__":
    main()
