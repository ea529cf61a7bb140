"""A fuzz target that is a guest of the xenstore, with Dom0 and another guest beside it."""

from collections.abc import Sequence

from hosts.xenstore.quota import Quota
from hosts.xenstore.store import XenStore
from hosts.xsserver import QUEUED_OCTETS_MAX, StoreConnection
from hosts.xswire import Kind, Message, Parser, pack_message
from ringproto.errors import ProtocolError
from tests.fuzz.choices import Choices
from tests.fuzz.dom0 import HOSTILE, NEIGHBOUR

WORDS = (
    b"/", b"data", b"data/a", b"data/a/b", b"/local/domain/1/data", b"/shared", b"/shared/a", b"domid", b"n1", b"r0",
    b"b2", b"t", b"T", b"F", b"0", b"1", b"@releaseDomain", b"@introduceDomain", b"",
)  # fmt: skip
SECRET, KEPT = b"/local/domain/2/data/secret", b"nobody else's"
DOM0_KINDS = (Kind.WRITE, Kind.MKDIR, Kind.RM, Kind.SET_PERMS, Kind.WATCH, Kind.READ, Kind.TRANSACTION_START)
STEPS_MAX = 200


def xenstore(data: bytes) -> None:
    """Messages of a guest and of Dom0, good and bad ones, whole and in pieces of any size.

    The neighbour's secret stays, quotas hold, the books agree with the tree, and what is dead leaves nothing.
    """
    choices, store = Choices(data), XenStore()
    for domid in (HOSTILE, NEIGHBOUR):
        store.introduce(domid)
    dom0, neighbour = StoreConnection(store, 0), StoreConnection(store, NEIGHBOUR)
    _tell(dom0, Kind.WRITE, b"/shared\0")
    _tell(dom0, Kind.SET_PERMS, b"/shared\0n0\0b1\0r2\0")
    _tell(neighbour, Kind.WRITE, b"data/secret\0" + KEPT)
    guest, lost = StoreConnection(store, HOSTILE), False
    for _ in range(STEPS_MAX):
        if lost or not choices.left:
            break
        lost = _step(choices, store, guest, dom0)
    guest.close()
    dom0.close()
    store.check()
    assert _tell(neighbour, Kind.READ, b"data/secret\0") == KEPT
    store.release(HOSTILE)
    assert not any(store.usage.count(quota, HOSTILE) for quota in Quota)
    store.check()


def _step(choices: Choices, store: XenStore, guest: StoreConnection, dom0: StoreConnection) -> bool:
    """Whether the guest has broken the protocol, and so lost its connection."""
    kind = choices.below(4)
    try:
        if kind == 0:
            guest.receive(choices.piece())
        elif kind == 1:
            guest.receive(_message(choices, range(28), (*WORDS, SECRET)))
        elif kind == 2:
            assert KEPT not in guest.outgoing()
            guest.receive(b"")
        else:  # Dom0 leaves the neighbour alone
            dom0.receive(_message(choices, DOM0_KINDS, WORDS))
            dom0.outgoing()
    except ProtocolError:
        return True
    assert guest.queued_octets <= QUEUED_OCTETS_MAX
    assert store.usage.is_allowed(Quota.MEMORY, HOSTILE, -(1 << 14)), "but for what Dom0 wrote into its nodes"
    return guest.overflowed


def _message(choices: Choices, kinds: Sequence[int], known: Sequence[bytes]) -> bytes:
    """One that is well formed: a kind, a transaction, up to three words, and maybe octets of any kind."""
    kind, tx = kinds[choices.below(len(kinds))], choices.below(3)
    words = b"".join(known[choices.below(len(known))] + b"\0" for _ in range(choices.below(4)))
    return pack_message(Message(kind, words + choices.take(choices.below(64)), 0, tx))


def _tell(connection: StoreConnection, kind: Kind, payload: bytes) -> bytes:
    """The reply of a client that is served."""
    connection.outgoing()
    connection.receive(pack_message(Message(kind, payload)))
    parser = Parser()
    parser.feed(connection.outgoing())
    replies = [message for message in iter(parser.take, None) if message.kind == kind]
    assert len(replies) == 1
    return replies[0].payload
