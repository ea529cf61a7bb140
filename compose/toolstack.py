"""What Xen's toolstack does for a sound card: the two directories in the store, and their permissions.

Guests of a scenario get their cards from here, and so do the guests of `vsnd host`.  The nodes, their owners and their
order are libxl's (libxl_vsnd.c), so that a driver written for Xen finds what it expects.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from hosts.api import Store, StoreView
from ringproto.card import CardConfig, format_card


@dataclass(frozen=True, slots=True)
class Attachment:
    """One card of one guest."""

    guest: int
    card: CardConfig
    devid: int = 0
    backend: int = 0
    name: str = ""
    """What the guest's domain is called, if the toolstack is to say so."""

    @property
    def backend_path(self) -> str:
        """The backend's directory."""
        return f"/local/domain/{self.backend}/backend/vsnd/{self.guest}/{self.devid}"

    @property
    def frontend_path(self) -> str:
        """The guest's directory."""
        return f"/local/domain/{self.guest}/device/vsnd/{self.devid}"


def attach(store: Store, attachment: Attachment) -> None:
    """Give a guest a sound card.  The store must be Dom0's."""

    def write(view: StoreView) -> None:
        _write_name(view, attachment)
        _write_backend(view, attachment)
        _write_frontend(view, attachment)

    store.transact(write)


def attach_missing(store: Store, attachments: Iterable[Attachment]) -> None:
    """Give every guest that has lost its card (because its domain ended) a new one."""
    for attachment in attachments:
        if store.read(f"{attachment.frontend_path}/backend") is None:
            remove(store, attachment)
            attach(store, attachment)


def detach(store: Store, attachment: Attachment) -> None:
    """Ask the backend to let go, as `xl vsnd-detach` does: it answers with state 6; then `remove` the directories."""

    def write(view: StoreView) -> None:
        view.write(f"{attachment.backend_path}/online", "0")
        view.write(f"{attachment.backend_path}/state", "5")

    store.transact(write)


def remove(store: Store, attachment: Attachment) -> None:
    """Take the directories away."""
    store.remove(attachment.backend_path)
    store.remove(attachment.frontend_path)


def _write_name(view: StoreView, attachment: Attachment) -> None:
    if attachment.name:
        path = f"/local/domain/{attachment.guest}/name"
        view.write(path, attachment.name)
        view.set_perms(path, ("n0", f"r{attachment.guest}"))


def _write_backend(view: StoreView, attachment: Attachment) -> None:
    path = attachment.backend_path
    view.remove(path)  # what a backend wrote meanwhile about an earlier card has Dom0's permissions, not the guest's
    view.mkdir(path)
    view.set_perms(path, (f"n{attachment.backend}", f"r{attachment.guest}"))
    for key, value in {
        "frontend": attachment.frontend_path,
        "frontend-id": str(attachment.guest),
        "online": "1",
        "state": "1",
    }.items():
        view.write(f"{path}/{key}", value)


def _write_frontend(view: StoreView, attachment: Attachment) -> None:
    path = attachment.frontend_path
    devices = f"/local/domain/{attachment.guest}/device"
    view.mkdir(devices)
    view.set_perms(devices, ("n0", f"r{attachment.guest}"))  # so that the guest may see that a card is gone
    view.mkdir(path)
    view.set_perms(path, (f"n{attachment.guest}", f"r{attachment.backend}"))
    nodes = {"backend": attachment.backend_path, "backend-id": str(attachment.backend), "state": "1"}
    for key, value in (nodes | format_card(attachment.card)).items():
        view.write(f"{path}/{key}", value)
