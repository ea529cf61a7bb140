"""What the two ends tell each other to connect: the version, and each stream's transport."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringproto.card import Transport, choose_version, format_transport, parse_transport
from ringproto.errors import Errno, ProtocolError
from tests.ringproto.outcome import outcome


@pytest.mark.parametrize("offered", [None, "2", "1,2", "2,3", "1, 2"])
def test_version_is_ours_unless_refused(offered: str | None) -> None:
    assert choose_version(offered) == 2


@pytest.mark.parametrize("offered", ["", "1", "3", "22", "2.0", "two", "2 " * 4000])
def test_other_versions_are_refused(offered: str) -> None:
    with pytest.raises(ProtocolError, match="version") as caught:
        choose_version(offered)
    assert caught.value.errno is Errno.EOPNOTSUPP
    assert len(str(caught.value)) < 200


TRANSPORT = Transport(ring_ref=8, event_channel=15, evt_ring_ref=4_294_967_295, evt_event_channel=1)
TRANSPORT_NODES = {"ring-ref": "8", "event-channel": "15", "evt-ring-ref": "4294967295", "evt-event-channel": "1"}


def test_transport_and_its_nodes_are_each_others_image() -> None:
    assert format_transport(TRANSPORT) == TRANSPORT_NODES
    assert parse_transport({**TRANSPORT_NODES, "type": "p", "state": "1"}) == TRANSPORT


@pytest.mark.parametrize("key", TRANSPORT_NODES)
@pytest.mark.parametrize("value", [None, "", "0", "-1", "4294967296", "8 ", "eight", "8" * 4096])
def test_bad_or_missing_transport_node_is_refused_by_name(key: str, value: str | None) -> None:
    nodes = {path: text for path, text in TRANSPORT_NODES.items() if path != key}
    if value is not None:
        nodes[key] = value
    with pytest.raises(ProtocolError, match=f"^{key}:") as caught:
        parse_transport(nodes)
    assert caught.value.errno is Errno.EINVAL


@given(st.dictionaries(st.sampled_from(sorted(TRANSPORT_NODES)) | st.text(), st.text() | st.integers().map(str)))
def test_any_nodes_are_a_transport_or_refused(nodes: dict[str, str]) -> None:
    transport = outcome(parse_transport, nodes)
    if isinstance(transport, ProtocolError):
        assert transport.errno is Errno.EINVAL
    else:
        assert parse_transport(format_transport(transport)) == transport
