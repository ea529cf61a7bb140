"""The move from socket to rings: in every order of what both sides do, and refused for every reason."""

from collections.abc import Callable
from errno import ENOSYS
from itertools import product

import pytest

from hosts.api import HostError
from hosts.channel.atomics import SharedWords
from hosts.channel.moving import MovingChannel
from hosts.channel.passing import close_all
from hosts.channel.socketed import SocketChannel
from ringproto.channel.layout import BLOCK_OCTETS
from tests.hosts.channel.pairs import closing, sockets, starting
from tests.hosts.descriptors import open_descriptors

PAGES = BLOCK_OCTETS // 4096


def test_every_order_of_sends_and_takes_keeps_the_order_of_messages() -> None:
    """Six steps, each one of: either side sends, or takes.  Every third message has a descriptor."""
    for schedule in product(range(4), repeat=6):
        check_schedule(schedule)


def check_schedule(schedule: tuple[int, ...]) -> None:
    ends = starting()
    sent: tuple[list[bytes], list[bytes]] = ([], [])
    heard: tuple[list[bytes], list[bytes]] = ([], [])

    def take(who: int) -> bool:
        message = ends[who].take()
        if message is not None:
            close_all(message.fds)
            heard[who].append(message.octets)
        return message is not None or ends[who].before_poll()

    with closing(ends):
        for number, action in enumerate(schedule):
            who = action % 2
            if action < 2:
                ends[who].send(b"%d" % number, (0,) if number % 3 == 0 else ())
                sent[1 - who].append(b"%d" % number)
            else:
                take(who)
        for _ in range(3):
            while take(0) | take(1):
                pass
        assert heard == sent, schedule
        assert ends[0].counts().sleeps, f"{schedule}: they did not move"


def test_both_are_told_once_how_messages_go() -> None:
    said: list[str] = []
    with closing(starting(said.append)) as (client, server):
        for end in (server, client, server, client, server):
            end.take()
    assert said == ["rings", "rings"]


def test_a_side_that_only_knows_sockets_refuses_and_all_stays_there() -> None:
    said: list[str] = []
    near, far = sockets()
    with closing((MovingChannel(near, said.append, is_client=True), SocketChannel(far))) as (client, server):
        client.send(b"hello")
        assert server.take() == (b"hello", ())
        assert client.take() is None
    assert said == ["socket: refused: 'not wanted'"]


def refuse_all() -> str:
    return "no atomic operations: made up"


def test_a_client_without_atomic_operations_does_not_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    near, far = sockets()
    with monkeypatch.context() as patch:
        patch.setattr("hosts.channel.agreement.why_not", refuse_all)
        client = MovingChannel(near, said.append, is_client=True)
    with closing((client, MovingChannel(far, said.append, is_client=False))) as (client_end, server):
        client_end.send(b"hello")
        assert server.take() == (b"hello", ())
        assert client_end.take() is None
    assert said == ["socket: no atomic operations: made up"]


@pytest.mark.parametrize("side", ["offered", "joined"])
def test_whichever_side_cannot_says_why_and_all_stays_on_the_socket(side: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def cannot(*_: object) -> None:
        raise HostError(ENOSYS, "made up")

    said: list[str] = []
    before = open_descriptors()
    with monkeypatch.context() as patch:
        if side == "offered":
            patch.setattr("hosts.channel.agreement.offered", cannot)
        else:
            patch.setattr("hosts.channel.link.SharedWords", failing_second(SharedWords))
        with closing(starting(said.append)) as (client, server):
            client.send(b"one")
            assert server.take() == (b"one", ())
            assert client.take() is None
            server.send(b"two")
            assert client.take() == (b"two", ())
            assert (server.take(), server.before_poll(), client.before_poll()) == (None, False, False)
            client.send(b"three", (0,))
            third = server.take()
            assert third is not None
            close_all(third.fds)
    assert set(said) == REASONS[side]
    assert len(said) == 2
    assert open_descriptors() == before


REASONS = {
    "offered": {"socket: made up", "socket: refused: 'made up'"},
    "joined": {
        "socket: refused: 'the offered block: [Errno 38] made up'",
        "socket: the offered block: [Errno 38] made up",
    },
}


def failing_second(real: Callable[..., object]) -> Callable[..., object]:
    """The server's is made first; the client's cannot be."""
    made: list[object] = []

    def make(*arguments: object) -> object:
        if made:
            raise HostError(ENOSYS, "made up")
        made.append(real(*arguments))
        return made[0]

    return make
