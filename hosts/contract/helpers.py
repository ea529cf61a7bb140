"""What the rules have in common: waiting with a limit, expecting a refusal, a place to write.

A rule is a function of two hosts, Dom0's and a guest's, whose loops run together (one loop, or one virtual time).  It
raises AssertionError saying what should have been.  No rule measures how fast anything is: limits only keep a broken
host from hanging.
"""

from collections.abc import Callable
from errno import errorcode

from hosts.api import Host, HostError

#: Far beyond what any host needs, so reaching it means never.
NEVER_NS = 10_000_000_000
#: Long enough for something that must not happen to happen.
WHILE_NS = 20_000_000

Rule = Callable[[Host, Host], None]


def wait(host: Host, done: Callable[[], bool], what: str) -> None:
    """Run the loops until `done()`; AssertionError naming `what` when that never comes."""
    assert host.loop.run_until(done, host.loop.now_ns() + NEVER_NS), f"never happened: {what}"


def let_run(host: Host) -> None:
    """Run the loops for a little while."""
    host.loop.run_until(lambda: False, host.loop.now_ns() + WHILE_NS)


def refused(error_number: int, what: str, attempt: Callable[..., object], *arguments: object) -> None:
    """`attempt(*arguments)`, described by `what`, must raise HostError with this errno."""
    outcome = "it was allowed"
    try:
        attempt(*arguments)
    except HostError as error:
        if error.errno == error_number:
            return
        outcome = str(error)
    raise AssertionError(f"{what}: {errorcode[error_number]} expected, but {outcome}")


def playground(dom0: Host, guest: Host) -> str:
    """A fresh directory of the guest's own, next to which Dom0 may put more."""
    path = f"/local/domain/{guest.domid}/contract"
    dom0.store.remove(path)
    dom0.store.mkdir(path)
    dom0.store.set_perms(path, (f"n{guest.domid}",))
    return path


class Heard:
    """A callback that remembers."""

    def __init__(self) -> None:
        self.times_ns: list[int] = []
        self.paths: list[str] = []

    def at(self, now_ns: int) -> None:
        """For timers and channels."""
        self.times_ns.append(now_ns)

    def path(self, path: str) -> None:
        """For watches."""
        self.paths.append(path)
