"""A wait that looks, sleeps, and ends at its deadline."""

import subprocess
import sys
import time

import pytest

from hosts.channel.api import ChannelError, Message, MessageChannel
from hosts.channel.patience import LOOKS, wait
from tests.hosts.channel.pairs import WAYS, closing, on_rings, starting

FAR_NS = 60_000_000_000


@pytest.mark.parametrize("way", WAYS)
def test_what_is_there_is_taken_even_when_it_is_too_late(way: str) -> None:
    with closing(WAYS[way]()) as (near, far):
        far.send(b"hello")
        far.take()
        assert wait(near, 0) == (b"hello", ())


@pytest.mark.parametrize("way", WAYS)
def test_it_ends_at_the_deadline_and_not_before(way: str) -> None:
    with closing(WAYS[way]()) as (near, _):
        deadline_ns = time.monotonic_ns() + 2_000_000
        assert wait(near, deadline_ns) is None
        assert time.monotonic_ns() >= deadline_ns


def test_the_end_of_the_other_side_ends_it() -> None:
    near, far = on_rings()
    far.close()
    with pytest.raises(ChannelError):
        wait(near, time.monotonic_ns() + FAR_NS)
    near.close()


def test_what_is_no_message_does_not_end_it() -> None:
    """The client is woken by an offer, and by a move, and goes on waiting."""
    client, server = starting()
    server.take()
    assert wait(client, 0) is None
    server.take()
    assert wait(client, 0) is None
    server.send(b"at last")
    assert wait(client, time.monotonic_ns() + FAR_NS) == (b"at last", ())
    client.close()
    server.close()


class Counted:
    """A channel on which nothing comes, and how often it was looked at."""

    def __init__(self, real: MessageChannel) -> None:
        self.is_shared = real.is_shared
        self.fileno, self.send, self.before_poll, self.close = real.fileno, real.send, real.before_poll, real.close
        self._take = real.take
        self.looks = 0

    def take(self) -> Message | None:
        self.looks += 1
        return self._take()


@pytest.mark.parametrize(("way", "looks"), [("rings", LOOKS), ("socket", 0), ("refused", 0)])
def test_it_looks_only_so_often_before_it_sleeps_and_but_once_where_that_is_a_system_call(way: str, looks: int) -> None:
    with closing(WAYS[way]()) as (near, _):
        while near.take() is not None or near.before_poll():
            pass
        counted = Counted(near)
        assert wait(counted, time.monotonic_ns() + 1_000_000) is None
        assert looks < counted.looks <= looks + 4


def test_on_one_cpu_it_never_looks_twice() -> None:
    program = (
        "import os; os.sched_setaffinity(0, {min(os.sched_getaffinity(0))}); "
        "from hosts.channel.patience import LOOKS; print(LOOKS)"
    )
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True)
    assert done.stdout == b"0\n"
