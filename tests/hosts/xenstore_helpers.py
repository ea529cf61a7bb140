"""Clients of one xenstore that remember their events."""

from collections.abc import Callable
from errno import errorcode

from hosts.api import HostError
from hosts.xenstore.client import StoreClient
from hosts.xenstore.store import XenStore


class Client(StoreClient):
    """A client of the store `machine`, whose `events` are (path, token) in order."""

    def __init__(self, machine: XenStore, domid: int) -> None:
        self.machine = machine
        self.events: list[tuple[str, str]] = []
        super().__init__(machine, domid, lambda path, token: self.events.append((path, token)))


def machine(*domids: int) -> list[Client]:
    """Clients of one new store: Dom0's, and one of each of these domains."""
    store = XenStore()
    for domid in domids:
        store.introduce(domid)
    return [Client(store, domid) for domid in (0, *domids)]


def errno_of(attempt: Callable[[], object]) -> str:
    """The name of the errno that `attempt()` is refused with, "" when it is not."""
    try:
        attempt()
    except HostError as error:
        return errorcode[error.errno or 0]
    return ""
