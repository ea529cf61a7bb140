"""Memory that is shared by a descriptor, sealed against shrinking and growing: nobody who maps it ever gets SIGBUS."""

import fcntl
import os
from errno import EINVAL

from hosts.api import HostError

SEALS = fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL


def make_sealed(name: str, octets: int) -> int:
    """A memfd of so many zeroes, sealed; `name` is for /proc.  Raises OSError."""
    fd = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    try:
        os.ftruncate(fd, octets)
        fcntl.fcntl(fd, fcntl.F_ADD_SEALS, SEALS)
    except BaseException:
        os.close(fd)
        raise
    return fd


def check_seals(fd: int, wanted: int, what: str) -> None:
    """Raise HostError(EINVAL), which says `what` it is, unless the descriptor is a memfd with these seals."""
    try:
        seals = fcntl.fcntl(fd, fcntl.F_GET_SEALS)
    except OSError as error:
        raise HostError(EINVAL, f"{what}: not a memfd") from error
    if seals & wanted != wanted:
        raise HostError(EINVAL, f"{what}: seals {seals:#x}, want {wanted:#x}")
