"""Waiting for what somebody else is about to do, and says nothing of when it is done."""

import time
from collections.abc import Callable

LIMIT_S = 10.0
GLANCE_S = 0.005


def wait_for(happened: Callable[[], bool]) -> None:
    """Wait until it has happened, or for the limit: then what is done next will say what is wrong."""
    until_s = time.monotonic() + LIMIT_S
    while not happened() and time.monotonic() < until_s:
        time.sleep(GLANCE_S)
