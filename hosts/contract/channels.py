"""Rules of event channels."""

from errno import EBUSY, ENOENT

from hosts.api import Channel, Host
from hosts.contract.helpers import Heard, Rule, let_run, refused, wait


def _joined(dom0: Host, guest: Host) -> tuple[Channel, Channel]:
    """Dom0's and the guest's end of a new channel."""
    guests = guest.offer_channel(dom0.domid)
    return dom0.bind_channel(guest.domid, guests.port), guests


def both_ends_ring(dom0: Host, guest: Host) -> None:
    """Each end's notify is heard at the other, and again each time after."""
    dom0s, guests = _joined(dom0, guest)
    _rings_at(dom0, guests, dom0s)
    _rings_at(guest, dom0s, guests)
    dom0s.close()
    guests.close()


def _rings_at(host: Host, ringing: Channel, hearing: Channel) -> None:
    heard = Heard()
    hearing.on_notify(heard.at)
    let_run(host)  # a new end may hear something spurious
    for _ in range(20):
        heard.times_ns.clear()
        ringing.notify()
        wait(host, lambda: bool(heard.times_ns), "a notification")


def merged_rings_are_heard(dom0: Host, guest: Host) -> None:
    """Any number of notifications are at least one call, which comes after the last of them."""
    dom0s, guests = _joined(dom0, guest)
    rings, seen = [0], [0]

    def look(_now_ns: int) -> None:
        seen[0] = rings[0]

    dom0s.on_notify(look)
    for _ in range(500):
        rings[0] += 1
        guests.notify()
    wait(dom0, lambda: seen[0] == 500, "a call after the last of many notifications")
    dom0s.close()
    guests.close()


def early_rings_are_kept(dom0: Host, guest: Host) -> None:
    """A notification that came before anybody listened is heard when somebody does."""
    dom0s, guests = _joined(dom0, guest)
    guests.notify()
    let_run(dom0)
    heard = Heard()
    dom0s.on_notify(heard.at)
    wait(dom0, lambda: bool(heard.times_ns), "a notification from before on_notify")
    dom0s.close()
    guests.close()


def only_the_peer_binds(dom0: Host, guest: Host) -> None:
    """A port is bound by whom it was offered to, once."""
    elsewhere = guest.offer_channel(guest.domid + 1)
    refused(ENOENT, "a port that is none", dom0.bind_channel, guest.domid, 987654)
    refused(ENOENT, "a port offered to another domain", dom0.bind_channel, guest.domid, elsewhere.port)
    dom0s, guests = _joined(dom0, guest)
    refused(EBUSY, "a port bound already", dom0.bind_channel, guest.domid, guests.port)
    for end in (dom0s, guests, elsewhere):
        end.close()


def closed_ends_are_silent(dom0: Host, guest: Host) -> None:
    """After `close` an end hears nothing, its peer may ring on in vain, and its port cannot be bound."""
    dom0s, guests = _joined(dom0, guest)
    heard = Heard()
    dom0s.on_notify(heard.at)
    let_run(dom0)
    heard.times_ns.clear()
    guests.notify()
    dom0s.close()
    dom0s.close()
    guests.notify()
    let_run(dom0)
    assert not heard.times_ns, "a closed end is silent"
    port = guests.port
    guests.close()
    refused(ENOENT, "a port that was closed", dom0.bind_channel, guest.domid, port)


RULES: tuple[Rule, ...] = (
    both_ends_ring,
    merged_rings_are_heard,
    early_rings_are_kept,
    only_the_peer_binds,
    closed_ends_are_silent,
)
