"""A loop serves many channels: nothing lost, nobody kept waiting, one's end is nobody else's."""

from collections.abc import Iterator
from errno import EBADMSG, EPIPE

import pytest

from hosts.channel.api import ChannelError, Message
from hosts.channel.service import TURNS_PER_PASS, Service
from hosts.loop import RealLoop
from tests.hosts.channel.pairs import WAYS, on_rings
from tests.hosts.descriptors import open_descriptors

LIMIT_NS = 10_000_000_000


@pytest.fixture
def loop() -> Iterator[RealLoop]:
    loop = RealLoop()
    yield loop
    loop.close()


class Client:
    """A channel that is served, and the other end of it."""

    def __init__(self, loop: RealLoop, way: str = "rings") -> None:
        self.end, served = WAYS[way]()
        self.heard: list[bytes] = []
        self.ended: list[ChannelError] = []
        self.served = served
        self.service = Service(served, loop, self.on_message, self.ended.append)

    def on_message(self, message: Message) -> None:
        self.heard.append(message.octets)
        if message.octets == b"echo":
            self.served.send(b"echoed")
        elif message.octets == b"leave":
            self.service.close()
        elif message.octets == b"wrong":
            raise ChannelError(EBADMSG, "wrong")

    def close(self) -> None:
        self.service.close()
        self.end.close()


@pytest.fixture
def clients(loop: RealLoop) -> Iterator[list[Client]]:
    clients = [Client(loop, way) for way in WAYS for _ in range(3)]
    yield clients
    for client in clients:
        client.close()


def finish(loop: RealLoop, clients: list[Client], messages: int) -> None:
    assert loop.run_until(lambda: all(len(c.heard) >= messages for c in clients), loop.now_ns() + LIMIT_NS)


def test_all_are_heard_whenever_they_speak(loop: RealLoop, clients: list[Client]) -> None:
    for number in range(20):
        for client in clients:
            client.end.take()
            client.end.send(b"%d" % number)
        if number % 3 == 0:
            finish(loop, clients, number + 1)
    finish(loop, clients, 20)
    assert all(client.heard == [b"%d" % number for number in range(20)] for client in clients)


def test_who_has_much_to_say_lets_others_speak(loop: RealLoop) -> None:
    talker, other = Client(loop), Client(loop)
    for _ in range(5 * TURNS_PER_PASS):
        talker.end.send(b"much")
    other.end.send(b"little")
    assert loop.run_until(lambda: bool(other.heard), loop.now_ns() + LIMIT_NS)
    assert len(talker.heard) <= 2 * TURNS_PER_PASS
    finish(loop, [talker], 5 * TURNS_PER_PASS)
    for client in (talker, other):
        client.close()


def test_an_end_is_told_once_and_closes_what_was_open(loop: RealLoop, clients: list[Client]) -> None:
    finish(loop, clients, 0)
    for client in clients:
        client.end.send(b"last")
        client.end.close()
    assert loop.run_until(lambda: all(client.ended for client in clients), loop.now_ns() + LIMIT_NS)
    assert all(client.heard == [b"last"] for client in clients)
    assert {error.errno for client in clients for error in client.ended} == {EPIPE}
    assert all(len(client.ended) == 1 for client in clients)


def test_a_handler_may_end_its_own_channel(loop: RealLoop, clients: list[Client]) -> None:
    leaver, wrong, *others = clients
    leaver.end.send(b"leave")
    leaver.end.send(b"unheard")
    wrong.end.send(b"wrong")
    wrong.end.send(b"unheard")
    for client in others:
        client.end.send(b"echo")
    finish(loop, clients, 1)
    assert (leaver.heard, leaver.ended) == ([b"leave"], [])
    assert (wrong.heard, [error.errno for error in wrong.ended]) == ([b"wrong"], [EBADMSG])


def test_a_channel_at_rest_costs_a_pass_of_the_loop_nothing(loop: RealLoop) -> None:
    client, server = on_rings()
    served = Service(server, loop, lambda message: None, lambda error: None)
    loop.run_until(lambda: server.counts().sleeps == 1, loop.now_ns() + LIMIT_NS)
    ticks: list[int] = []

    def tick(now_ns: int) -> None:
        ticks.append(now_ns)
        loop.call_soon(tick)

    tick(0)
    assert loop.run_until(lambda: len(ticks) == 100, loop.now_ns() + LIMIT_NS)
    assert server.counts() == (0, 0, 1, 0)
    served.close()
    client.close()


def test_nothing_stays_open(loop: RealLoop) -> None:
    before = open_descriptors()
    for _ in range(5):
        client = Client(loop, "moving")
        client.end.send(b"x")
        finish(loop, [client], 1)
        client.close()
    assert open_descriptors() == before
