"""Messages of local applications: there and back, and what is none."""

import pytest

from hosts.channel.api import ChannelError, Message
from hosts.channel.calls import decode, encode
from hosts.local.messages import (
    NAME_MAX,
    Ask,
    Describe,
    Described,
    Done,
    Ended,
    Granted,
    Latency,
    Refused,
    Register,
    Registered,
    Reply,
    Request,
    SetVolume,
    Start,
    Statistics,
    Unregister,
    replies,
    requests,
)

REQUESTS = [
    Describe("speaker"),
    Describe(),
    Register(name="tone", device="speaker", playback_channels=2, capture_channels=1, ring_periods=4),
    Start(),
    SetVolume("playback", [-6000, 0]),
    Latency(20_000_000),
    Ask(),
    Unregister(),
]
REPLIES = [
    Described("speaker", 48000, 480, 2, 2),
    Registered(0x8000),
    Granted(3, 40_000_000),
    Statistics(frames=480, delay_ns=None),
    Done(),
    Refused(22, "name: empty"),
    Ended(110, "stayed away"),
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_requests_come_back_with_their_tag(request_: Request) -> None:
    assert decode(Message(encode(request_, 7)), requests)[:2] == (7, request_)


@pytest.mark.parametrize("reply", REPLIES)
def test_replies_come_back(reply: Reply) -> None:
    assert decode(Message(encode(reply, 1)), replies)[:2] == (1, reply)


@pytest.mark.parametrize(
    "wrong",
    [
        Register(name=""),
        Register(name="x" * (NAME_MAX + 1)),
        Register(name="x", playback_channels=33),
        Register(name="x", capture_channels=-1),
        Register(name="x", ring_periods=0),
        Register(name="x", ring_periods=65),
        SetVolume("playback", [0] * 33),
        SetVolume("playback", [1 << 31]),
        Latency(-1),
        Done(),
    ],
)
def test_what_is_out_of_bounds_is_no_request(wrong: object) -> None:
    with pytest.raises(ChannelError, match="not a message"):
        decode(Message(encode(wrong, 1)), requests)
