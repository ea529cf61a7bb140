"""A message channel: whole messages between two local processes, in order, each at most once.

This is the seam between those who say things (`hosts.channel.calls`, the backend's local clients) and how it is
carried: over a Unix socket, or through shared rings, to which a channel moves by itself where both sides can.

Rules:

1. Nothing blocks.  Whoever wants to sleep watches `fileno()`, which stays the same for the channel's whole life:

       while True:
           while (message := channel.take()) is not None:
               ...
           if not channel.before_poll():
               break                        # sleep: a loop that watches fileno() will wake up
   It may sleep only after `before_poll()` returned False with nothing taken since.  How much is taken at a time is the
   caller's to bound.
2. The other side's end is told in one place: `take` raises ChannelError, after everything that came before it.
3. The other side may be hostile: whatever it sends or writes costs no more than this channel.
"""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from hosts.api import HostError
from ringproto.channel.packets import FDS_MAX, MESSAGE_OCTETS_MAX


class ChannelError(HostError):
    """The channel has ended: there is no more to come.

    EPIPE: the other side closed, or died.  EBADMSG: it broke the rules.  ENOBUFS: it does not take what we send.
    """


class Message(NamedTuple):
    """What one `send` of the other side said."""

    octets: bytes
    fds: tuple[int, ...] = ()
    """Descriptors that came along: the taker's to close."""


class MessageChannel(Protocol):
    """One end."""

    @property
    def is_shared(self) -> bool:
        """Whether messages come through shared memory by now: then to look again costs no system call."""
        ...

    def fileno(self) -> int:
        """What to wait on until it is readable, level or edge triggered.  Nobody else reads it."""
        ...

    def send(self, octets: bytes, fds: Sequence[int] = ()) -> None:
        """Send one message of 1 to MESSAGE_OCTETS_MAX octets, with at most FDS_MAX descriptors, which stay ours.

        Never blocks: what the other side has no room for waits here, up to a bound; beyond it the channel has ended.
        When it has ended, nothing is sent, and `take` says so.  Raises ValueError for a message out of these bounds.
        """

    def take(self) -> Message | None:
        """The next message; None when there is none now.

        Raises ChannelError, again at every later call; then there is nothing left to do but `close`.
        """
        ...

    def before_poll(self) -> bool:
        """Have the other side wake us from now on.  True when there is something already: do not sleep, take."""
        ...

    def close(self) -> None:
        """Let go of everything, also of what was not sent yet.  Harmless twice.  Forget `fileno()` before."""


def check_message(octets: bytes, fds: Sequence[int]) -> None:
    """Raise ValueError unless it can be sent."""
    if not 1 <= len(octets) <= MESSAGE_OCTETS_MAX:
        raise ValueError(f"a message of {len(octets)} octets, want 1 to {MESSAGE_OCTETS_MAX}")
    if len(fds) > FDS_MAX:
        raise ValueError(f"{len(fds)} descriptors with a message, want at most {FDS_MAX}")
