"""The socket of local applications: made anew, in the place of one that nobody answers on any more."""

import socket
from errno import EADDRINUSE
from pathlib import Path

from hosts.api import HostError
from hosts.channel.opening import listener


def listen(path: Path, *, everybody: bool) -> socket.socket:
    """A listening socket there; `everybody` may knock, or only our own user.

    Raises HostError(EADDRINUSE) when somebody listens there, OSError.
    """
    try:
        listening = listener(path)
    except OSError as error:
        if error.errno != EADDRINUSE or _is_answered(path):
            raise HostError(error.errno, f"local.socket: {path}: {error.strerror}") from error
        path.unlink()
        listening = listener(path)
    path.chmod(0o666 if everybody else 0o600)
    return listening


def _is_answered(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as probe:
        return probe.connect_ex(str(path)) == 0
