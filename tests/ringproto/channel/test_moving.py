"""How both sides come to say and hear in the rings, or do not, and what nobody may send."""

import pytest

from ringproto.channel.moving import HEARD, HEARS_IN_RING, SAYS_IN_RING, Stage, after
from ringproto.channel.packets import PacketKind
from ringproto.errors import Errno, ProtocolError


def test_the_client_says_in_the_ring_from_the_offer_and_hears_there_from_the_servers_move() -> None:
    offered = after(Stage.WISHED, PacketKind.OFFER)
    assert (offered in SAYS_IN_RING, offered in HEARS_IN_RING) == (True, False)
    moved = after(offered, PacketKind.MOVED)
    assert (moved in SAYS_IN_RING, moved in HEARS_IN_RING) == (True, True)


def test_the_server_moves_both_ways_when_the_client_has_moved() -> None:
    offered = after(Stage.SOCKET, PacketKind.WISH)
    assert (offered in SAYS_IN_RING, offered in HEARS_IN_RING) == (False, False)
    moved = after(offered, PacketKind.MOVED)
    assert (moved in SAYS_IN_RING, moved in HEARS_IN_RING) == (True, True)


@pytest.mark.parametrize("stage", [Stage.WISHED, Stage.OFFERED])
def test_whoever_is_refused_stays_for_good(stage: Stage) -> None:
    stayed = after(stage, PacketKind.REFUSED)
    assert stayed not in SAYS_IN_RING | HEARS_IN_RING
    assert not any((stayed, kind) in HEARD for kind in PacketKind)


@pytest.mark.parametrize("stage", Stage)
def test_anything_else_is_the_other_sides_fault(stage: Stage) -> None:
    for kind in {0, 6, 255, *PacketKind} - {kind for before, kind in HEARD if before is stage}:
        with pytest.raises(ProtocolError, match=f"a packet of kind {kind} at stage {stage.name}") as refused:
            after(stage, kind)
        assert refused.value.errno == Errno.EINVAL
