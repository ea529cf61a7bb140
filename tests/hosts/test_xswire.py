"""The xenstore message codec: any portions in, the same messages out; what cannot be followed is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hosts.xswire import (
    HEADER,
    PAYLOAD_OCTETS_MAX,
    WIRE_ERRORS,
    Kind,
    Message,
    Parser,
    decode_text,
    encode_text,
    error_number,
    pack_error,
    pack_message,
    pack_strings,
    split_strings,
)
from ringproto.errors import Errno, ProtocolError

U32 = st.integers(0, 2**32 - 1)
MESSAGES = st.builds(Message, U32, st.binary(max_size=60), U32, U32)


def test_header_is_four_words_in_order() -> None:
    packed = pack_message(Message(Kind.READ, b"/a\0", req_id=7, tx_id=9))
    assert HEADER.unpack_from(packed) == (2, 7, 9, 3)
    assert packed[16:] == b"/a\0"


@given(st.lists(MESSAGES, max_size=6), st.lists(st.integers(1, 40), max_size=20))
def test_messages_survive_any_portions(messages: list[Message], portions: list[int]) -> None:
    stream = b"".join(map(pack_message, messages))
    parser, taken = Parser(), list[Message]()
    for portion in [*portions, len(stream)]:
        parser.feed(stream[:portion])
        stream = stream[portion:]
        while (message := parser.take()) is not None:
            taken.append(message)
    assert taken == messages


def test_longest_payload_passes_and_one_octet_more_loses_the_stream() -> None:
    parser = Parser()
    parser.feed(pack_message(Message(Kind.WRITE, bytes(PAYLOAD_OCTETS_MAX))))
    parser.feed(HEADER.pack(Kind.WRITE, 0, 0, PAYLOAD_OCTETS_MAX + 1))
    assert parser.take() == Message(Kind.WRITE, bytes(PAYLOAD_OCTETS_MAX))
    with pytest.raises(ProtocolError, match="4097 octets"):
        parser.take()


@given(st.binary(max_size=50))
def test_any_octets_are_text_and_come_back(octets: bytes) -> None:
    assert encode_text(decode_text(octets)) == octets


def test_strings_end_with_nul_each() -> None:
    assert pack_strings("a", "", "b") == b"a\0\0b\0"
    assert split_strings(b"a\0\0b\0") == ("a", "", "b")
    assert split_strings(b"") == ()
    with pytest.raises(ProtocolError, match="NUL"):
        split_strings(b"a\0b")


@pytest.mark.parametrize("errno", sorted(WIRE_ERRORS))
def test_wire_errors_travel_by_name(errno: Errno) -> None:
    assert pack_error(errno) == errno.name.encode() + b"\0"
    assert error_number(pack_error(errno)) is errno


def test_other_errors_become_einval() -> None:
    assert pack_error(Errno.ETIMEDOUT) == b"EINVAL\0"
    assert pack_error(9999) == b"EINVAL\0"
    assert error_number(b"EWHATEVER\0") is Errno.EINVAL
    assert error_number(b"\xff") is Errno.EINVAL
