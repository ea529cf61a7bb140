"""The backend: serves every guest whose toolstack gave it a card of ours.

It watches `backend/vsnd` of its own domain; below it the toolstack makes a directory per guest and device.  A watch is
a hint: what its path names is looked at anew, a device, a guest's devices, or all of them.
"""

import logging
from contextlib import suppress

from backend.config import BackendConfig
from backend.facilities import Facilities
from backend.gather import Gather
from backend.local.server import LocalServer
from backend.patchbay import OpenDevice, Patchbay
from backend.session import Session
from hosts.api import Host, HostError
from hosts.complaints import Complaints
from ringproto.eventids import EventIdRule
from ringproto.trace import Tracer

log = logging.getLogger("vsnd.backend")

ROOT = "backend/vsnd"
"""Relative to the backend's own domain."""

NAME_MAX = 64
"""Characters; of a longer name nothing is shown."""

Key = tuple[int, int]
"""A guest's domid, and the number of one of its devices."""


class Backend:
    """All sessions and devices of one backend domain."""

    def __init__(self, host: Host, config: BackendConfig, open_device: OpenDevice, tracer: Tracer) -> None:
        self.host = host
        self.config = config
        self.sessions: dict[Key, Session] = {}
        self._complaints = Complaints(host.loop, log)
        self.patchbay = Patchbay(config, host.loop, open_device, self._complaints, self.name_of, tracer)
        self._refused: set[Key] = set()
        event_ids = EventIdRule(config.event_id)
        self._facilities = Facilities(host, self.patchbay, Gather(host.loop), self._complaints, tracer, event_ids)
        self.local = LocalServer(config.local, self._facilities) if config.local is not None else None
        """Local applications, where the operator wants any."""
        host.store.mkdir(ROOT)
        self._watch = host.store.watch(ROOT, self._on_watch)

    def close(self) -> None:
        """Leave: every guest sees us close, every device is given back."""
        self._watch.cancel()
        for session in self.sessions.values():
            session.close()
        if self.local is not None:
            self.local.close()
        self.patchbay.close()
        self._complaints.close()

    def name_of(self, domid: int) -> str:
        """What the toolstack calls that guest; harmless to show."""
        with suppress(HostError):
            name = self.host.store.read(f"/local/domain/{domid}/name") or ""
            if name.isprintable() and 0 < len(name) <= NAME_MAX:
                return name
        return f"domain {domid}"

    def _on_watch(self, path: str) -> None:
        parts = path.partition(ROOT)[2].strip("/").split("/")
        if len(parts) > 2 and parts[2] != "frontend":
            return  # inside a device's own directory, once it is one: its session watches that
        domid, devid = (*parts, "", "")[:2]
        with suppress(HostError):  # the machine is gone, and with it all devices; whoever runs us will see
            for key in self._named(domid, devid):
                self._compare(key)

    def _named(self, domid: str, devid: str) -> list[Key]:
        """All devices there are or were in the directory of that name; "" stands for any."""
        store = self.host.store
        known = {key for key in self.sessions.keys() | self._refused
                 if domid in ("", str(key[0])) and devid in ("", str(key[1]))}  # fmt: skip
        found = {
            (int(guest), int(device))
            for guest in ((domid,) if domid else store.list(ROOT))
            if guest.isdigit()
            for device in ((devid,) if devid else store.list(f"{ROOT}/{guest}"))
            if device.isdigit()
        }
        return sorted(known | found)

    def _compare(self, key: Key) -> None:
        """Have a session for the device if, and only if, it is there."""
        is_there = self.host.store.read(f"{ROOT}/{key[0]}/{key[1]}/frontend") is not None
        if not is_there:
            self._refused.discard(key)
            session = self.sessions.pop(key, None)
            if session is not None:
                self._complaints.note(key[0], f"device {key[1]} removed")
                session.close()
        elif key not in self.sessions and key not in self._refused:
            self._add(key)

    def _add(self, key: Key) -> None:
        try:
            self.sessions[key] = Session(self._facilities, *key)
        except HostError as error:
            self._refused.add(key)
            self._complaints.warn(key[0], f"device {key[1]} refused: {error}")
