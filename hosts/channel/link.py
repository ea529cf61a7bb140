"""A block of shared rings as one process has it: memory, atomic words, bells, and what goes over the socket for it.

The server makes the block and both bells, and gives the client three descriptors: the block, sealed so that nobody can
shrink it under the other; the bell that the client hears; and the button that rings the server's.  A bell is an epoll
set with an eventfd in it and nobody reads it, so whoever holds the button can make nobody block (see
`hosts.emu.tables.Doorbell`).
"""

import mmap
import os
from contextlib import ExitStack
from errno import EBADMSG

from hosts.api import HostError
from hosts.channel.atomics import SharedWords, operations
from hosts.channel.packetsocket import PacketSocket
from hosts.channel.passing import close_all
from hosts.emu.memory import check_share, make_share
from hosts.emu.tables import make_doorbell
from ringproto.abi import PAGE_OCTETS
from ringproto.channel.end import RingEnd
from ringproto.channel.layout import BLOCK_OCTETS, CLIENT, HEADER_WORDS, SERVER, Side, check_block, make_block
from ringproto.errors import ProtocolError

FDS = 3
"""The block, the bell to hear, the button to press."""

_PAGES = BLOCK_OCTETS // PAGE_OCTETS


class Link:
    """One side's hold on a block, a bell and a button.  Whoever waits for `packets` hears the bell, too."""

    def __init__(self, block: mmap.mmap, side: Side, fds: tuple[int, int], packets: PacketSocket) -> None:
        self._map = block
        self._bell, self._button = fds
        self._packets = packets
        self.block = memoryview(block)
        self.words = SharedWords(self.block, HEADER_WORDS, operations())
        self.end = RingEnd(self.block, self.words, side, self)

    def ring(self) -> None:
        """Wake the other side."""
        try:
            os.eventfd_write(self._button, 1)
        except BlockingIOError:
            return  # 2**64 - 1 rings unheard: it is rung

    def flush(self) -> None:
        """Forget what was rung for us."""
        self._packets.look()

    def close(self) -> None:
        """Let go of everything."""
        self.end.release()
        self.words.release()
        self.block.release()
        self._map.close()
        close_all((self._bell, self._button))


def why_not() -> str:
    """Why this process can have no rings; empty when it can."""
    try:
        operations()
    except HostError as error:
        return str(error.strerror)
    return ""


def offered(packets: PacketSocket) -> tuple[Link, tuple[int, int, int]]:
    """A new block, the server's side of it, and the descriptors for the client, to be closed when they are sent.

    Raises OSError.
    """
    with ExitStack() as undo:
        fd, pages = make_share(_PAGES, writable=True)
        undo.callback(os.close, fd)
        pages.release()
        ours, theirs = make_doorbell(), make_doorbell()
        undo.callback(ours.close)
        undo.callback(theirs.close)
        block = mmap.mmap(fd, BLOCK_OCTETS)
        with memoryview(block) as view:
            make_block(view)
        packets.hear_bell(ours.bell)
        link = Link(block, SERVER, (ours.bell, theirs.button), packets)
        undo.pop_all()
    return link, (fd, theirs.bell, ours.button)


def joined(fds: tuple[int, ...], packets: PacketSocket) -> Link:
    """The client's side of the block that the server has sent; the descriptors are the link's, or closed.

    Raises HostError when it cannot be used.
    """
    if len(fds) != FDS:
        close_all(fds)
        raise HostError(EBADMSG, f"{len(fds)} descriptors with an offer, want {FDS}")
    fd, bell, button = fds
    try:
        check_share(fd, _PAGES, writable=True)
        block = mmap.mmap(fd, BLOCK_OCTETS)
        with memoryview(block) as view:
            check_block(view)
        packets.hear_bell(bell)
        link = Link(block, CLIENT, (bell, button), packets)
    except (OSError, ProtocolError) as error:
        close_all((bell, button))
        raise HostError(EBADMSG, f"the offered block: {error}") from error
    finally:
        os.close(fd)
    return link
