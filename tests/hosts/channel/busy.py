"""Two processes that say things to each other over one channel; what the tests and the benchmark run.

    python -m tests.hosts.channel.busy rings|socket echo|stream eager|patient|sleepy ROUNDS

`echo`: each message is answered before the next; `stream`: each side takes what comes, and only the last message is
answered.  Who is eager never sleeps, who is patient looks again a few times first, who is sleepy sleeps at once.
Prints JSON: ns per round, and what the client's semaphores have cost.
"""

import json
import os
import select
import sys
import time
from collections.abc import Callable

from hosts.channel.api import Message, MessageChannel
from hosts.channel.moving import MovingChannel
from hosts.channel.patience import wait
from hosts.channel.socketed import SocketChannel
from hosts.process import die_with_parent
from tests.hosts.channel.pairs import nobody, sockets

LIMIT_NS = 60_000_000_000
LAST, LEAVE = b"last", b"leave"
MESSAGE = bytes(64)
"""As long as a usual command."""

BURST = 200
"""Messages in a row, before the sender looks what came: a stream that is not answered would fill all there is."""

Next = Callable[[MessageChannel], Message]


def eager(channel: MessageChannel) -> Message:
    """Look until there is one."""
    for _ in range(100_000_000):
        message = channel.take()
        if message is not None:
            return message
    raise TimeoutError("nothing came")


def patient(channel: MessageChannel) -> Message:
    """As a client does."""
    message = wait(channel, time.monotonic_ns() + LIMIT_NS)
    if message is None:
        raise TimeoutError("nothing came")
    return message


def sleepy(channel: MessageChannel) -> Message:
    """Sleep as soon as there is none."""
    poll = select.poll()
    poll.register(channel.fileno(), select.POLLIN)
    while (message := channel.take()) is None:
        if not channel.before_poll() and not poll.poll(LIMIT_NS // 1_000_000):
            raise TimeoutError("nothing came")
    return message


NEXT: dict[str, Next] = {"eager": eager, "patient": patient, "sleepy": sleepy}


def echo(channel: MessageChannel, next_message: Next, rounds: int) -> None:
    """Say, and wait for the answer."""
    for _ in range(rounds):
        channel.send(MESSAGE)
        next_message(channel)


def stream(channel: MessageChannel, next_message: Next, rounds: int) -> None:
    """Say much, and wait for one answer to it."""
    for number in range(1, rounds + 1):
        if number % BURST and number < rounds:
            channel.send(MESSAGE)
        else:
            channel.send(LAST)
            next_message(channel)


def answer(channel: MessageChannel, next_message: Next, *, all_of_them: bool) -> None:
    """Answer each message, or each last one, until the other side takes its leave: who is eager sees no end."""
    heard = 0
    while (message := (sleepy if heard < BURST else next_message)(channel)).octets != LEAVE:
        heard += 1
        if all_of_them or message.octets == LAST:
            channel.send(message.octets)


def main(way: str, what: str, mood: str, rounds: int) -> None:
    """Be the client; a child is the server."""
    near, far = sockets()
    if os.fork() == 0:
        die_with_parent()
        near.close()
        server = MovingChannel(far, nobody, is_client=False) if way == "rings" else SocketChannel(far)
        pin(-1)
        answer(server, NEXT[mood], all_of_them=what == "echo")
        os._exit(0)
    far.close()
    pin(0)
    client = MovingChannel(near, nobody, is_client=True) if way == "rings" else SocketChannel(near)
    talk = echo if what == "echo" else stream
    talk(client, sleepy, BURST)  # by then both have moved
    begin_ns = time.monotonic_ns()
    talk(client, NEXT[mood], rounds)
    end_ns = time.monotonic_ns()
    counts = client.counts()._asdict() if isinstance(client, MovingChannel) else {}
    client.send(LEAVE)
    os.wait()
    client.close()
    print(json.dumps({"round_ns": (end_ns - begin_ns) / rounds, **counts}))


def pin(which: int) -> None:
    """Each side has a CPU, where there are two: left alone the scheduler puts both on one, or not."""
    os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[which]})


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
