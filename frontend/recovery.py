"""Going on after the backend went away: what `snd_pcm_recover` is to an xrun, this is to a loss.

A backend may be restarted, or the card be taken away and given back, while applications play.  Their PCM is lost, and
what was in its buffer with it.  But the card connects again by itself, and the PCM can be opened anew on that.  So an
application that can go on from where it stands need not know more than `through_losses`.
"""

from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from frontend.pcm import Pcm
from hosts.api import HostError
from hosts.tasks import run

T = TypeVar("T")
Steps = Coroutine[Any, Any, T]


async def arecover(pcm: Pcm) -> None:
    """Open a lost PCM anew, with the same parameters, as soon as the card is connected again; its buffer is empty then.

    Raises HostError when no backend is back in 10 s, or when the one that is refuses to open the stream.
    """
    while True:
        await pcm.areconnect()
        try:
            await pcm.aopen()
        except HostError:
            if not pcm.is_lost:
                raise
        else:
            return


def recover(pcm: Pcm) -> None:
    """The same, blocking."""
    run(pcm.loop, arecover(pcm))


async def through_losses(pcm: Pcm, application: Callable[[], Steps[T]], reopened: Callable[[], Steps[None]]) -> T:
    """Run `application()`; whenever the backend goes away meanwhile, reopen `pcm`, and run `reopened()` and it again.

    Raises what either of them raises otherwise, and what `arecover` raises.
    """
    step = application
    while True:
        try:
            return await step()
        except HostError:
            if not pcm.is_lost:
                raise
        await arecover(pcm)
        step = _after(reopened, application)


def _after(first: Callable[[], Steps[None]], then: Callable[[], Steps[T]]) -> Callable[[], Steps[T]]:
    async def both() -> T:
        await first()
        return await then()

    return both
