"""How a channel moves from its socket to the rings, without losing or reordering a message.

           client                                server
    WISHED    WISH (version) ------------------->  SOCKET
              <----- OFFER (block, bells), messages  OFFERED
    LEAVING   messages, MOVED ------------------->
              <---------------- messages, MOVED      RINGS
    RINGS

Each side says MOVED as its last packet and goes on in the ring; each side reads packets until it hears MOVED, and then
the ring.  So each direction changes over at one point of its own stream, however the two are interleaved.  Either side
may answer REFUSED instead, and then all stays on the socket for good.
"""

from enum import Enum, auto

from ringproto.channel.packets import PacketKind
from ringproto.errors import Errno, ProtocolError


class Stage(Enum):
    """Where one side is."""

    SOCKET = auto()
    """Server: nothing was asked for yet."""
    WISHED = auto()
    """Client: it has asked."""
    OFFERED = auto()
    """Server: it has offered, and says and hears on the socket."""
    LEAVING = auto()
    """Client: it says in the ring, and hears on the socket still."""
    RINGS = auto()
    """Says and hears in the rings."""
    STAYED = auto()
    """Says and hears on the socket, for good."""


HEARD = {
    (Stage.SOCKET, PacketKind.WISH): Stage.OFFERED,
    (Stage.WISHED, PacketKind.OFFER): Stage.LEAVING,
    (Stage.WISHED, PacketKind.REFUSED): Stage.STAYED,
    (Stage.OFFERED, PacketKind.MOVED): Stage.RINGS,
    (Stage.OFFERED, PacketKind.REFUSED): Stage.STAYED,
    (Stage.LEAVING, PacketKind.MOVED): Stage.RINGS,
}
"""The stage that a packet leads to, unless we refuse.  What is not here nobody may send."""

SAYS_IN_RING = {Stage.LEAVING, Stage.RINGS}
HEARS_IN_RING = {Stage.RINGS}


def after(stage: Stage, kind: int) -> Stage:
    """The stage that a packet leads to.  Raises ProtocolError(EINVAL) for one that has no business there."""
    for (before, heard), next_stage in HEARD.items():
        if (before, heard) == (stage, kind):
            return next_stage
    raise ProtocolError(Errno.EINVAL, f"a packet of kind {kind} at stage {stage.name}")
