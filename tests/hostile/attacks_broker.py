"""B: the emulated machine's own door, where domains share pages and offer ports (what Xen itself is on Xen)."""

import array
import os
import socket
from pathlib import Path

import msgspec

from hosts.api import HostError
from hosts.emu.messages import FDS_MAX, Bind, EndShare, Map, Offer, Refused, Request, Share, replies, send
from tests.hostile.cases import case, variants
from tests.hostile.guest import Hostile, words

BROKER_QUOTA = 600


def _outcome(connection: socket.socket) -> str:
    """What the broker answers: "ok", the errno's name, or "dropped"."""
    try:
        octets, ancillary, _, _ = connection.recvmsg(1 << 16, socket.CMSG_SPACE(4 * FDS_MAX))
    except (ConnectionError, TimeoutError) as error:
        return "nothing" if isinstance(error, TimeoutError) else "dropped"
    for _, _, data in ancillary:
        fds = array.array("i")
        fds.frombytes(data)
        for fd in fds:
            os.close(fd)
    if not octets:
        return "dropped"
    answer = replies.decode(octets)
    return f"-{answer.errno}" if isinstance(answer, Refused) else "ok"


def _ask(connection: socket.socket, request: Request, *fds: int) -> str:
    try:
        send(connection, request, fds)
    except OSError:
        return "dropped"
    return _outcome(connection)


def _say(hostile: Hostile, octets: bytes, *fds: int) -> str:
    connection = hostile.broker_socket()
    rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
    try:
        connection.sendmsg([octets], rights)
    except OSError:
        return "dropped"
    return _outcome(connection)


def _garbage(name: str, did: str, octets: bytes) -> None:
    def attack(hostile: Hostile) -> str:
        return _say(hostile, octets)

    attack.__name__, attack.__doc__ = f"b1_{name}", did
    case("dropped")(attack)


_garbage("no_json", "It says what is no message.", b"\x00\xff garbage")
_garbage("nested_without_end", "It says brackets in brackets, ten thousand deep.", b"[" * 10_000)
_garbage("too_long", "It says more than a message may hold.", b'{"type":"Map","peer":0,"refs":[' + b"1," * 20_000)
_garbage("wrong_types", "It says a message with words for numbers.", b'{"type":"Bind","peer":"zero","port":"x"}')
_garbage("numbers_too_large", "It names a domain that cannot be.", b'{"type":"Bind","peer":70000,"port":1}')
_garbage("no_such_message", "It says a message that there is not.", b'{"type":"Halt"}')


@case("dropped")
def b1_more_descriptors_than_may_be(hostile: Hostile) -> str:
    """It sends along more descriptors than one message may have."""
    with Path(os.devnull).open() as null:
        return _say(hostile, msgspec.json.encode(Offer(0)), *[null.fileno()] * (FDS_MAX + 50))


@case("ok", "dropped")
def b2_answers_never_read(hostile: Hostile) -> str:
    """It asks without reading what it is answered, and descriptors with it."""
    connection = hostile.broker_socket()
    for _ in range(200):
        try:
            send(connection, Offer(0))
        except OSError:
            break
    return words(_outcome(connection) for _ in range(200))


def _b3_share(hostile: Hostile, kind: int) -> str:
    """It shares what is not sealed memory of just that size."""
    makers = (
        lambda: os.open(os.devnull, os.O_RDWR),
        lambda: os.memfd_create("unsealed"),
        lambda: os.eventfd(0),
        lambda: os.memfd_create("sealable", os.MFD_ALLOW_SEALING),
    )
    fd = makers[kind]()
    try:
        return _ask(hostile.broker_socket(), Share(0, 1, True), fd)
    finally:
        os.close(fd)


variants(_b3_share, {"of_a_device": 0, "of_unsealed_memory": 1, "of_an_eventfd": 2, "of_what_may_shrink": 3}, "-22")


@case("-22", "-74")
def b3_share_of_nothing(hostile: Hostile) -> str:
    """It shares pages without any, and with too many descriptors."""
    connection = hostile.broker_socket()
    outcomes = [_ask(connection, Share(0, 1, True))]
    with Path(os.devnull).open() as null:
        outcomes.append(_ask(connection, Share(0, 1, True), null.fileno(), null.fileno()))
    return words(outcomes)


@case("-13")
def b4_maps_of_others_pages(hostile: Hostile) -> str:
    """It maps every page that its neighbours granted the backend."""
    connection = hostile.broker_socket()
    peers = (0, 1, 2, hostile.host.domid)
    return words(_ask(connection, Map(peer, [ref], False)) for peer in peers for ref in range(60))


@case("-2", "-16")
def b4_binds_of_others_ports(hostile: Hostile) -> str:
    """It binds every port that its neighbours offered the backend."""
    connection = hostile.broker_socket()
    return words(_ask(connection, Bind(peer, port)) for peer in (0, 1, 2, hostile.host.domid) for port in range(60))


@case("-2")
def b4_ends_of_what_is_not_its_own(hostile: Hostile) -> str:
    """It takes back shares and frees ports that it never had."""
    connection = hostile.broker_socket()
    return words(_ask(connection, EndShare(ref)) for ref in (0, 1, 8, 2**32 - 1))


@case("ok", "-28")
def b5_shares_without_end(hostile: Hostile) -> str:
    """It shares pages until it is told that it is enough, and goes on."""
    accomplice = hostile.accomplice_host()
    outcomes = set[str]()
    try:
        for _ in range(BROKER_QUOTA):
            try:
                accomplice.share(0, 1)
                outcomes.add("ok")
            except HostError as error:
                outcomes.add(f"-{error.errno}")
    finally:
        accomplice.close()
    return words(outcomes)


@case("ok", "-28")
def b5_ports_without_end(hostile: Hostile) -> str:
    """It offers ports until it is told that it is enough, and goes on."""
    connection = hostile.broker_socket()
    return words(_ask(connection, Offer(0)) for _ in range(BROKER_QUOTA))


@case("dropped")
def b6_two_of_one_domain(hostile: Hostile) -> str:
    """It is a domain twice."""
    first = hostile.accomplice_host()
    try:
        return words(_ask(hostile.broker_socket(), Offer(0)) for _ in range(50))
    finally:
        first.close()


@case("ok", "dropped")
def b7_comes_and_goes_without_end(hostile: Hostile) -> str:
    """Its domain comes to life and dies two hundred times (XSA-350)."""
    outcomes = set[str]()
    for _ in range(200):
        connection = hostile.broker_socket()
        outcomes.add(_ask(connection, Offer(0)))
        connection.close()
    return words(outcomes)
