"""What is said of a local application in the backend's report, also once it is gone.

Its streams are counted among those of guests; here is what only local applications have.
"""

import msgspec

from backend.local.application import Application

ACCOUNTS_MAX = 1024
"""Of those that are gone, as many are remembered: they may come and go for years."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """One application's."""

    domid: int
    name: str
    control: str
    """How its commands went: "rings", or "socket" and why."""
    missed_blocks: int
    """Blocks that were silence since they were not there."""
    unposted_blocks: int
    """Of these: since it was not rung in time, which is no fault of its."""
    asleep_blocks: int
    """Of these: rung in time, and not awake by its own word."""
    lost_blocks: int
    """Recorded blocks that found no room."""
    turned_out: str = ""
    """Why, of one that was."""


def account_of(application: Application, control: str, turned_out: str = "") -> Account:
    """As of now."""
    played = application.played
    return Account(
        domid=application.domid,
        name=application.name,
        control=control,
        missed_blocks=played.missed,
        unposted_blocks=played.unposted,
        asleep_blocks=played.asleep,
        lost_blocks=application.taken.missed,
        turned_out=turned_out,
    )
