"""How long to look again before going to sleep, and a wait for who has no loop.

Going to sleep costs both sides system calls: the sleeper to sleep, the other to wake it.  Two busy sides answer each
other within some tens of microseconds, so looking again for about that long saves all of them.  It is a bounded
number of looks, and there is none where each would be a system call, or where the other side could not run meanwhile.
"""

import os
import select
import time

from hosts.channel.api import Message, MessageChannel

LOOKS = 100 if len(os.sched_getaffinity(0)) > 1 else 0
"""A look at an empty ring takes about 0.7 us."""


def wait(channel: MessageChannel, deadline_ns: int) -> Message | None:
    """The next message, looking and then sleeping until there is one; None at the deadline (CLOCK_MONOTONIC).

    Raises ChannelError.
    """
    for _ in range(1 + LOOKS * channel.is_shared):
        message = channel.take()
        if message is not None:
            return message
    poll = select.poll()
    poll.register(channel.fileno(), select.POLLIN)
    while True:
        asleep = not channel.before_poll()
        left_ns = deadline_ns - time.monotonic_ns()
        if asleep and left_ns > 0:
            poll.poll(-(-left_ns // 1_000_000))
        message = channel.take()
        if message is not None or left_ns <= 0:
            return message
