"""Messages over SOCK_SEQPACKET: what is not one is refused, and no descriptor that came along stays open."""

import array
import os
import socket
import struct
from collections.abc import Iterator, Sequence
from errno import EBADMSG
from pathlib import Path
from typing import get_args

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hosts.api import HostError
from hosts.emu.messages import (
    FDS_MAX,
    MESSAGE_OCTETS_MAX,
    Bind,
    ClosePort,
    Done,
    EndShare,
    Map,
    Mapped,
    Offer,
    Refused,
    Reply,
    Request,
    Share,
    broker_path,
    close_all,
    receive,
    replies,
    requests,
    send,
    store_path,
)
from tests.hosts.descriptors import open_descriptors

Pair = tuple[socket.socket, socket.socket]

REQUESTS: tuple[Request, ...] = (
    Share(0, 2048, True),
    EndShare(0xFFFF_FFFF),
    Map(7, [0xFFFF_FFFF] * 2048, False),
    Offer(0x7FEF),
    Bind(1, 2),
    ClosePort(3),
)
REPLIES: tuple[Reply, ...] = (Done(), Done(9), Mapped([(63, 2047)] * 2048), Refused(13, "not granted"))


@pytest.fixture
def pair() -> Iterator[Pair]:
    ends = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    for end in ends:
        end.settimeout(5)
    before = open_descriptors()
    yield ends
    assert open_descriptors() == before, "descriptors are left open"
    for end in ends:
        end.close()


def send_raw(end: socket.socket, octets: bytes, fds: Sequence[int] = ()) -> None:
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    end.sendmsg([octets], rights)


def send_for_ever(end: socket.socket) -> None:
    while True:
        send(end, Offer(1))


def refusal(end: socket.socket) -> str:
    with pytest.raises(HostError) as refused:
        receive(end, requests)
    assert refused.value.errno == EBADMSG
    return str(refused.value.strerror)


@pytest.mark.parametrize("request_", REQUESTS, ids=lambda message: type(message).__name__)
def test_the_largest_requests_arrive_whole(pair: Pair, request_: Request) -> None:
    send(pair[0], request_)
    assert receive(pair[1], requests) == (request_, [])


@pytest.mark.parametrize("reply", REPLIES, ids=lambda message: type(message).__name__)
def test_the_largest_replies_arrive_whole(pair: Pair, reply: Reply) -> None:
    send(pair[0], reply)
    assert receive(pair[1], replies) == (reply, [])


def test_every_message_is_tried_here() -> None:
    assert {type(message) for message in REQUESTS} == set(get_args(Request))
    assert {type(message) for message in REPLIES} == set(get_args(Reply))


def test_descriptors_come_along_in_order_and_are_not_inherited(pair: Pair) -> None:
    sent = [os.eventfd(initial) for initial in range(FDS_MAX)]
    send(pair[0], Done(), sent)
    close_all(sent)
    received = receive(pair[1], replies)
    assert received is not None
    assert [os.eventfd_read(fd) for fd in received[1][1:]] == list(range(1, FDS_MAX))
    assert not any(os.get_inheritable(fd) for fd in received[1])
    close_all(received[1])


@pytest.mark.parametrize(
    "octets",
    [
        b"\0",
        b"null",
        b"{}",
        b"[1]",
        b'{"type":"Share"}',
        b'{"type":"Done","number":1}',
        b'{"type":"Share","peer":0,"pages":0,"writable":true}',
        b'{"type":"Share","peer":0,"pages":2049,"writable":true}',
        b'{"type":"Share","peer":0,"pages":1,"writable":1}',
        b'{"type":"Share","peer":32752,"pages":1,"writable":true}',
        b'{"type":"Share","peer":-1,"pages":1,"writable":true}',
        b'{"type":"Map","peer":0,"refs":[],"writable":true}',
        b'{"type":"Map","peer":0,"refs":[4294967296],"writable":true}',
        b'{"type":"Map","peer":0,"refs":[1.5],"writable":true}',
        b'{"type":"Map","peer":0,"refs":[' + b"1," * 2048 + b'1],"writable":true}',
        b'{"type":"Offer","peer":1}trailing',
        b'{"type":"Off\xff","peer":1}',
        b'{"type":"Offer","\xff":1}',
        b"[" * 10000,
        b'{"type":"Offer","more":' + b"[" * 10000,
    ],
    ids=lambda octets: octets[:40].decode(errors="replace"),
)
def test_garbage_is_refused_and_what_came_with_it_is_closed(pair: Pair, octets: bytes) -> None:
    send_raw(pair[0], octets, (0, 1, 2))
    assert "not a message" in refusal(pair[1])
    send(pair[0], Offer(1))
    assert receive(pair[1], requests) == (Offer(1), []), "messages have edges: the next one is whole"


def test_a_message_too_long_is_refused_though_it_begins_well(pair: Pair) -> None:
    well = msgspec.json.encode(Offer(1))
    send_raw(pair[0], well + b" " * (MESSAGE_OCTETS_MAX + 1 - len(well)), (0, 1))
    assert "too long" in refusal(pair[1])


def test_more_descriptors_than_there_is_room_for_are_refused_and_closed(pair: Pair) -> None:
    send_raw(pair[0], msgspec.json.encode(Done()), [0] * (FDS_MAX + 1))
    assert "too many descriptors" in refusal(pair[1])


def test_descriptors_without_a_message_are_the_end_of_the_stream(pair: Pair) -> None:
    send_raw(pair[0], b"", (0, 1))
    assert receive(pair[1], requests) is None


def test_other_ancillary_data_is_ignored(pair: Pair) -> None:
    pair[1].setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    credentials = struct.pack("3i", os.getpid(), os.getuid(), os.getgid())
    pair[0].sendmsg([msgspec.json.encode(Offer(1))], [(socket.SOL_SOCKET, socket.SCM_CREDENTIALS, credentials)])
    assert receive(pair[1], requests) == (Offer(1), [])


def test_the_end_of_the_stream_is_none(pair: Pair) -> None:
    pair[0].shutdown(socket.SHUT_WR)
    assert receive(pair[1], requests) is None


def test_a_peer_that_has_gone_is_an_error_and_no_signal(pair: Pair) -> None:
    pair[1].shutdown(socket.SHUT_RD)
    with pytest.raises(BrokenPipeError):
        send(pair[0], Offer(1))


def test_a_peer_that_does_not_read_does_not_block_us(pair: Pair) -> None:
    pair[0].setblocking(False)
    with pytest.raises(BlockingIOError):
        send_for_ever(pair[0])


@given(st.binary(min_size=1, max_size=200))
@example(b'{"type":"Offer","peer":1}')
@example(b'{"type":"\xff"}')
def test_any_octets_are_a_request_or_refused(octets: bytes) -> None:
    near, far = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    with near, far:
        near.send(octets)
        try:
            received = receive(far, requests)
        except HostError as refused:
            received, error_number = None, refused.errno
        else:
            assert received is not None
            error_number = None
    assert isinstance(received[0], get_args(Request)) if received else error_number == EBADMSG


def test_every_domain_has_a_folder_of_its_own() -> None:
    machine = Path("machine")
    assert broker_path(machine, 7).parent == store_path(machine, 7).parent
    assert broker_path(machine, 7).parent != broker_path(machine, 1).parent
