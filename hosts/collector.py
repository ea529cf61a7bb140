"""Python's garbage collector, kept out of the data path.

Theory: reference counts free all that our data path makes, since it makes no cycles.  The collector would find nothing,
and take milliseconds to look: a tenth of a period, or in a simulation of a thousand guests a fifth of the time.
"""

import gc
from collections.abc import Generator
from contextlib import contextmanager


def silence_collector() -> None:
    """No pauses for garbage any more; what is there now will stay."""
    gc.collect()
    gc.freeze()
    gc.disable()


@contextmanager
def silent_collector() -> Generator[None, None, None]:
    """The same for a while."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
