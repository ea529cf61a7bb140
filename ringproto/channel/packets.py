"""What goes over the socket of a message channel: a kind, one octet, and then what that kind says.

The socket keeps the edges of packets (SOCK_SEQPACKET), so there is no length to lie about.
"""

from enum import IntEnum

MESSAGE_OCTETS_MAX = 1 << 16
"""Of one message, wherever it goes.  A socket's send buffer (208 KiB unless told) takes a whole one."""

PACKET_OCTETS_MAX = 1 + MESSAGE_OCTETS_MAX

FDS_MAX = 8
"""Descriptors that travel with one message."""


class PacketKind(IntEnum):
    """The first octet of a packet."""

    MESSAGE = 1
    """A message, and its descriptors."""
    WISH = 2
    """Client: let us move to shared rings.  With the version that it speaks."""
    OFFER = 3
    """Server: here they are, with what is needed to use them."""
    MOVED = 4
    """Either: this was my last message here; the next comes through the ring."""
    REFUSED = 5
    """Either: no rings, and why not, as text.  All stays as it is."""
