"""How often a loop woke up."""

import os

from hosts.loop import RealLoop


def test_waits_that_ended_are_counted_and_turns_without_a_wait_are_not() -> None:
    loop, doorbell = RealLoop(), os.eventfd(0)
    heard: list[int] = []
    watch = loop.watch_fd(doorbell, heard.append)
    loop.call_soon(lambda now_ns: loop.call_soon(heard.append))
    loop.run_until(lambda: len(heard) == 1)
    assert loop.wakeups == 0
    os.eventfd_write(doorbell, 1)
    loop.run_until(lambda: len(heard) == 2)
    loop.run_until(lambda: False, loop.now_ns() + 1_000_000)
    assert loop.wakeups == 2, "one ring, one deadline"
    watch.cancel()
    os.close(doorbell)
    loop.close()
