"""Messages survive any cut of the stream, and nonsense in it is told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringproto.channel.frames import ELSEWHERE, MARK, Deframer, Elsewhere, frame
from ringproto.channel.packets import MESSAGE_OCTETS_MAX
from ringproto.errors import Errno, ProtocolError
from tests.ringproto.outcome import outcome

MESSAGES = st.lists(st.one_of(st.binary(min_size=1, max_size=50), st.just(ELSEWHERE)), max_size=12)


def taken(deframer: Deframer) -> list[bytes | Elsewhere]:
    messages: list[bytes | Elsewhere] = []
    while (message := deframer.take()) is not None:
        messages.append(message)
    return messages


def fed(deframer: Deframer, stream: bytes) -> list[bytes | Elsewhere]:
    deframer.feed(stream)
    return taken(deframer)


@given(MESSAGES, st.data())
def test_any_cut_of_the_stream_gives_the_same_messages(messages: list[bytes | Elsewhere], data: st.DataObject) -> None:
    stream = b"".join(frame(message) if isinstance(message, bytes) else MARK for message in messages)
    deframer, got = Deframer(), list[bytes | Elsewhere]()
    while stream:
        cut = data.draw(st.integers(1, len(stream)))
        got += fed(deframer, stream[:cut])
        stream = stream[cut:]
    assert got == messages


def test_what_was_not_taken_yet_is_kept() -> None:
    deframer = Deframer()
    deframer.feed(frame(b"one") + frame(b"two"))
    assert deframer.take() == b"one"
    assert fed(deframer, frame(b"three")) == [b"two", b"three"]


def test_the_longest_message_arrives_octet_by_octet() -> None:
    deframer, longest = Deframer(), bytes(range(256)) * (MESSAGE_OCTETS_MAX // 256)
    stream = frame(longest)
    assert [fed(deframer, stream[at : at + 1024]) for at in range(0, len(stream), 1024)][-1] == [longest]


@pytest.mark.parametrize("length", [0, MESSAGE_OCTETS_MAX + 1, 0x7FFF_FFFF, 0xFFFF_FFFE])
def test_a_length_that_no_message_has_is_told(length: int) -> None:
    deframer = Deframer()
    deframer.feed(frame(b"good") + length.to_bytes(4, "little"))
    assert deframer.take() == b"good"
    with pytest.raises(ProtocolError, match=f"length: {length} octets, want 1 to {MESSAGE_OCTETS_MAX}") as refused:
        deframer.take()
    assert refused.value.errno == Errno.EINVAL


@given(st.lists(st.binary(min_size=1, max_size=64), max_size=20))
def test_any_octets_are_messages_or_are_told(chunks: list[bytes]) -> None:
    deframer = Deframer()
    for chunk in chunks:
        messages = outcome(lambda chunk: fed(deframer, chunk), chunk)
        if isinstance(messages, ProtocolError):
            return
        assert all(isinstance(m, Elsewhere) or 1 <= len(m) <= MESSAGE_OCTETS_MAX for m in messages)
