"""Typed requests, replies and notices over a channel."""

import os
from collections.abc import Iterator
from errno import EBADMSG, ETIMEDOUT

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hosts.api import HostError
from hosts.channel.api import ChannelError, Message, MessageChannel
from hosts.channel.calls import CALLS_MAX, NOTICE, Caller, Heard, Tagged, decode, encode
from hosts.channel.passing import close_all
from tests.hosts.channel.pairs import WAYS, closing
from tests.hosts.descriptors import open_descriptors


class Double(msgspec.Struct, tag=True, frozen=True):
    number: int


class Shout(msgspec.Struct, tag=True, frozen=True):
    text: str


class Doubled(msgspec.Struct, tag=True, frozen=True):
    number: int


class News(msgspec.Struct, tag=True, frozen=True):
    text: str


Request = Double | Shout
Reply = Doubled | News

requests = msgspec.msgpack.Decoder(Tagged[Request])
replies = msgspec.msgpack.Decoder(Tagged[Reply])


class Served:
    """A caller, and the server's end of its channel."""

    def __init__(self, near: MessageChannel, far: MessageChannel) -> None:
        self.far = far
        self.notices: list[Reply] = []
        self.caller: Caller[Request, Reply] = Caller(near, replies, lambda heard: self.notices.append(heard.body))

    def heard(self) -> list[Heard[Request]]:
        """What there is to answer."""
        found: list[Heard[Request]] = []
        while (message := self.far.take()) is not None:
            found.append(decode(message, requests))
        return found


@pytest.fixture(params=["socket", "refused", "rings"])
def served(request: pytest.FixtureRequest) -> Iterator[Served]:
    with closing(WAYS[request.param]()) as (near, far):
        yield Served(near, far)


def test_replies_find_their_requests_in_any_order(served: Served) -> None:
    tags = [served.caller.send(Double(number)) for number in range(5)]
    for heard in reversed(served.heard()):
        assert isinstance(heard.body, Double)
        served.far.send(encode(Doubled(2 * heard.body.number), heard.tag))
    assert [served.caller.reply(tag).body for tag in tags] == [Doubled(2 * number) for number in range(5)]


def test_notices_are_told_as_they_are_come_upon(served: Served) -> None:
    tag = served.caller.send(Shout("hey"))
    served.far.send(encode(News("one")))
    served.far.send(encode(News("answer"), served.heard()[0].tag))
    assert served.caller.reply(tag).body == News("answer")
    assert served.notices == [News("one")]
    served.far.send(encode(News("two")))
    served.caller.hear()
    assert served.notices == [News("one"), News("two")]


def test_descriptors_come_with_a_reply(served: Served) -> None:
    tag = served.caller.send(Shout("pipe, please"), (0,))
    (request,) = served.heard()
    served.far.send(encode(News("here"), request.tag), request.fds)
    close_all(request.fds)
    reply = served.caller.reply(tag)
    assert [os.fstat(fd).st_ino for fd in reply.fds] == [os.fstat(0).st_ino]
    close_all(reply.fds)


def test_a_reply_that_does_not_come_is_said_and_dropped_should_it_come_later(served: Served) -> None:
    tag = served.caller.send(Double(1))
    with pytest.raises(HostError, match=r"no reply within 0\.001 s") as late:
        served.caller.reply(tag, limit_ns=1_000_000)
    assert late.value.errno == ETIMEDOUT
    before = open_descriptors()
    for heard in served.heard():
        served.far.send(encode(News("late"), heard.tag), (0,))
    tag = served.caller.send(Double(2))
    served.far.send(encode(Doubled(4), served.heard()[0].tag))
    assert served.caller.reply(tag).body == Doubled(4)
    assert open_descriptors() == before


def test_a_second_reply_is_dropped(served: Served) -> None:
    before = open_descriptors()
    tags = [served.caller.send(Double(1)), served.caller.send(Double(2))]
    for tag in (tags[0], tags[0], tags[1]):
        served.far.send(encode(Doubled(tag), tag), (0,))
    served.heard()
    for tag in reversed(tags):
        close_all(served.caller.reply(tag).fds)
    assert open_descriptors() == before


def test_no_more_than_so_many_requests_wait_for_replies(served: Served) -> None:
    for number in range(CALLS_MAX):
        served.caller.send(Double(number))
    with pytest.raises(ValueError, match=f"{CALLS_MAX} requests are not answered"):
        served.caller.send(Double(0))


def test_the_end_is_told_to_who_waits(served: Served) -> None:
    tag = served.caller.send(Double(1))
    served.heard()
    served.far.close()
    with pytest.raises(ChannelError):
        served.caller.reply(tag)


@given(st.one_of(st.binary(min_size=1), st.integers(0, 200).map(lambda depth: b"\x91" * depth + b"\x01")))
def test_what_is_no_message_is_told_and_its_descriptors_are_closed(octets: bytes) -> None:
    before = open_descriptors()
    with pytest.raises(ChannelError, match="not a message") as refused:
        decode(Message(octets, (os.dup(0),)), requests)
    assert refused.value.errno == EBADMSG
    assert open_descriptors() == before


@pytest.mark.parametrize("tag", [-1, 1 << 32])
def test_a_tag_out_of_bounds_is_told(tag: int) -> None:
    with pytest.raises(ChannelError):
        decode(Message(msgspec.msgpack.encode([tag, Double(1)])), requests)
    assert decode(Message(encode(Double(1))), requests).tag == NOTICE
