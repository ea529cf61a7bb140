"""The backend: serves every guest whose toolstack gave it a card of ours.

It watches `backend/vsnd` of its own domain; below it the toolstack makes a directory per guest and device.  A watch is
a hint, so at each one the whole (small) directory is compared with the sessions there are.
"""

import logging

from backend.config import BackendConfig
from backend.facilities import Facilities
from backend.gather import Gather
from backend.patchbay import OpenDevice, Patchbay
from backend.session import Session
from hosts.api import Host, HostError
from ringproto.eventids import EventIdRule
from ringproto.trace import Tracer

log = logging.getLogger("vsnd.backend")

ROOT = "backend/vsnd"
"""Relative to the backend's own domain."""


class Backend:
    """All sessions and devices of one backend domain."""

    def __init__(self, host: Host, config: BackendConfig, open_device: OpenDevice, tracer: Tracer) -> None:
        self.host = host
        self.config = config
        self.patchbay = Patchbay(config, host.loop, open_device)
        self.sessions: dict[tuple[int, int], Session] = {}
        self._refused: set[tuple[int, int]] = set()
        event_ids = EventIdRule(config.event_id)
        self._facilities = Facilities(host, self.patchbay, Gather(host.loop), tracer, event_ids)
        host.store.mkdir(ROOT)
        self._watch = host.store.watch(ROOT, self._on_watch)

    def close(self) -> None:
        """Leave: every guest sees us close, every device is given back."""
        self._watch.cancel()
        for session in self.sessions.values():
            session.close()
        self.patchbay.close()

    def _on_watch(self, path: str) -> None:
        depth = len(path.partition(ROOT)[2].strip("/").split("/"))
        if depth > 2 and not path.endswith("/frontend"):
            return  # inside a device's own directory, once it is one: its session watches that
        found = self._find_devices()
        for key in self.sessions.keys() - found:
            log.info("domain %d: device %d removed", *key)
            self.sessions.pop(key).close()
        self._refused &= found
        for key in sorted(found - self.sessions.keys() - self._refused):
            self._add(key)

    def _find_devices(self) -> set[tuple[int, int]]:
        store = self.host.store
        return {
            (int(domid), int(devid))
            for domid in store.list(ROOT)
            if domid.isdigit()
            for devid in store.list(f"{ROOT}/{domid}")
            if devid.isdigit() and store.read(f"{ROOT}/{domid}/{devid}/frontend") is not None
        }

    def _add(self, key: tuple[int, int]) -> None:
        try:
            self.sessions[key] = Session(self._facilities, *key)
        except HostError as error:
            self._refused.add(key)
            log.warning("domain %d: device %d refused: %s", *key, error)
