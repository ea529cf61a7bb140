"""A full memory barrier: no load after it is done before a store ahead of it is seen by everybody.

Every CPU with store buffers reorders a store and a later load, also between two lines of Python; a ring that relies on
their order loses wake-ups, rarely and for good.  So a real barrier is needed:

* libatomic's `atomic_thread_fence`, called through ctypes with the GIL kept (PyDLL: releasing it would cost more than
  the barrier).  It comes with gcc's run-time libraries.
* on x86, a lock taken and given back: CPython does it with a locked instruction, which is a full barrier there.  On
  other CPUs it is only half of one.

Without either we refuse: a machine that loses a wake-up now and then is worse than one that does not start.
"""

import ctypes
import platform
import threading
from collections.abc import Callable
from errno import ENOSYS

from hosts.api import HostError

SEQ_CST = 5
"""memory_order_seq_cst of C's stdatomic.h."""

LOCK_IS_FULL_BARRIER = {"x86_64", "AMD64", "i686", "i586", "i386"}


def full_fence(cpu: str | None = None, library: str = "libatomic.so.1") -> Callable[[], None]:
    """The barrier for this CPU.  Raises HostError(ENOSYS) when there is none to be had."""
    try:
        fence = ctypes.PyDLL(library).atomic_thread_fence
    except (OSError, AttributeError):
        return _lock_fence(cpu or platform.machine(), library)
    fence.argtypes, fence.restype = (ctypes.c_int,), None
    return _bound(fence, ctypes.c_int(SEQ_CST))


def _bound(fence: Callable[[ctypes.c_int], None], order: ctypes.c_int) -> Callable[[], None]:
    def barrier() -> None:
        fence(order)

    return barrier


def _lock_fence(cpu: str, library: str) -> Callable[[], None]:
    if cpu not in LOCK_IS_FULL_BARRIER:
        raise HostError(ENOSYS, f"no memory barrier on this {cpu}: {library} is missing; install Debian's libatomic1")
    lock = threading.Lock()
    acquire, release = lock.acquire, lock.release

    def barrier() -> None:
        acquire(False)
        release()

    return barrier
