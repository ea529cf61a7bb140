"""Numbers and layouts of the wire: sndif version 2, the shared ring, the event page, xenbus states.

Everything both ends must agree on to the octet stands here, and nothing else does.  Sources: Xen's public headers
io/sndif.h, io/ring.h and io/xenbus.h.

Rules:

1. Integers are little-endian and naturally aligned; Linux guests have no other layout.
2. A slot is always 64 octets.  Each layout below spans all of them, so packing one zeroes whatever it does not name: no
   octet of ours leaks to the peer (the lesson of XSA-216).  Reserved octets are ignored when read.
3. Ring and event indices run freely modulo 2**32.
"""

from enum import IntEnum
from struct import Struct

#: The protocol version spoken: 2 brought TRIGGER, HW_PARAM_QUERY, the period size and the event page.
VERSION = 2

PAGE_OCTETS = 4096
SLOT_OCTETS = 64
#: Requests in flight: the largest power of two of slots that fits behind the ring's header.
RING_SLOTS = 32
#: Events unread: all slots that fit behind the event page's header; not a power of two, a slot is `index % 63`.
EVENT_SLOTS = 63
#: Both kinds of page begin with a header as large as a slot.
PAGE_HEADER_OCTETS = 64
#: Grant reference 0 is Xen's own; in a directory it ends the chain.
RESERVED_GREF = 0
#: A directory page is the reference of the next directory page, then this many references of data pages.
DIRECTORY_GREFS = PAGE_OCTETS // 4 - 1
#: Volumes (s32) and mute flags (u8) lie in the shared buffer this far apart, one for each channel.
LEVEL_STRIDE_OCTETS = 4

# The u32 words of the request ring's header (the peer's `*_event` asks to be notified when we pass it) ...
REQ_PROD, REQ_EVENT, RSP_PROD, RSP_EVENT = range(4)
# ... and of the event page's header.
IN_CONS, IN_PROD = range(2)


class Op(IntEnum):
    """What a request asks for."""

    OPEN = 0
    CLOSE = 1
    READ = 2
    WRITE = 3
    SET_VOLUME = 4
    GET_VOLUME = 5
    MUTE = 6
    UNMUTE = 7
    TRIGGER = 8
    HW_PARAM_QUERY = 9


class Trigger(IntEnum):
    """What TRIGGER does to the stream."""

    START = 0
    PAUSE = 1
    STOP = 2
    RESUME = 3


class EventType(IntEnum):
    """What an event tells."""

    CUR_POS = 0


class XenbusState(IntEnum):
    """The `state` node of either end; UNKNOWN also stands for a node that is missing or garbage."""

    UNKNOWN = 0
    INITIALISING = 1
    INIT_WAIT = 2
    INITIALISED = 3
    CONNECTED = 4
    CLOSING = 5
    CLOSED = 6
    RECONFIGURING = 7
    RECONFIGURED = 8


# Requests: u16 id, u8 op, then from octet 8 on:
BARE_REQUEST = Struct("<HB5x 56x")
#: ... u32 rate, u8 format, u8 channels, (u16), u32 buffer octets, u32 directory gref, u32 period octets.
OPEN_REQUEST = Struct("<HB5x IBB2xIII 36x")
#: ... u32 offset, u32 length, both octets in the shared buffer.
RANGE_REQUEST = Struct("<HB5x II 48x")
#: ... u8 trigger.
TRIGGER_REQUEST = Struct("<HB5x B 55x")
#: ... u64 mask of formats, then u32 min and max of rate, channels, buffer frames, period frames.
HW_PARAM_REQUEST = Struct("<HB5x Q8I 16x")

# Responses: u16 id, u8 op, (u8), s32 status (0 or a negated errno), then from octet 8 on nothing ...
RESPONSE = Struct("<HBxi 56x")
#: ... or the same parameters, narrowed.
HW_PARAM_RESPONSE = Struct("<HBxi Q8I 16x")

#: Event: u16 id, u8 type, then from octet 8 on: u64 position in octets since OPEN.
EVENT = Struct("<HB5x Q 48x")

_REQUESTS = (BARE_REQUEST, OPEN_REQUEST, RANGE_REQUEST, TRIGGER_REQUEST, HW_PARAM_REQUEST)
for _layout in (*_REQUESTS, RESPONSE, HW_PARAM_RESPONSE, EVENT):
    assert _layout.size == SLOT_OCTETS
assert PAGE_HEADER_OCTETS + RING_SLOTS * SLOT_OCTETS <= PAGE_OCTETS
assert PAGE_HEADER_OCTETS + EVENT_SLOTS * SLOT_OCTETS == PAGE_OCTETS
