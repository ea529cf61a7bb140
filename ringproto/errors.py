"""The one exception of the wire: the peer broke a rule, and this is the errno it is answered with.

Our own mistakes are assertions.  Numbers are Xen's (`XEN_E*` of public/errno.h), which equal Linux's on x86.
"""

from enum import IntEnum


class Errno(IntEnum):
    """Error numbers that may go over the wire, where they travel negated."""

    EPERM = 1
    ENOENT = 2
    EIO = 5
    ENXIO = 6
    E2BIG = 7
    EAGAIN = 11
    ENOMEM = 12
    EACCES = 13
    EFAULT = 14
    EBUSY = 16
    EEXIST = 17
    ENODEV = 19
    EISDIR = 21
    EINVAL = 22
    ENOSPC = 28
    EROFS = 30
    ENOSYS = 38
    ENOTEMPTY = 39
    EOPNOTSUPP = 95
    EISCONN = 106
    ETIMEDOUT = 110


class ProtocolError(Exception):
    """The peer sent or published something that the protocol forbids.

    The message names the field and what would be right.
    """

    def __init__(self, errno: Errno, message: str) -> None:
        super().__init__(message)
        self.errno = errno
