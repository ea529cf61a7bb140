"""A connection to the server that heals: libpulse's thread, a context, and a new one after each loss.

libpulse runs in its own thread (`pa_threaded_mainloop`), which calls nothing of ours but what keeps an answer and rings
an eventfd.  All else happens on the backend's loop, with the thread's lock held for the microseconds of a call.
Nothing here waits for the server, so a server that hangs delays nobody; but for `settle`, at an opening: and there a
server that did not answer once is not waited for again until it has.
"""

import os
import select
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

from backend.devices.pulse.library import (
    CONTEXT_FAILED,
    CONTEXT_NOAUTOSPAWN,
    CONTEXT_READY,
    CONTEXT_TERMINATED,
    library,
)
from backend.devices.pulse.options import PulseOptions
from hosts.api import HostError, Loop, OnTime

RETRY_FIRST_NS, RETRY_LAST_NS = 100_000_000, 1_000_000_000

_silent: set[str] = set()
"""Servers that took too long to answer, and did not answer since."""


class Connection:
    """To one server, under one name; `on_event(now_ns)` is called on the loop whenever something has changed."""

    def __init__(self, options: PulseOptions, user: str, loop: Loop, on_event: OnTime) -> None:
        self.losses = 0
        self.refusal = 0
        """Why there is no server (pa_error_code_t); 0 while there is one, or it was not heard of yet."""
        self.context: object = None
        """The context while it is ready, else None."""
        self._lib = lib = library()
        self._options = options
        self._user = user
        self._loop = loop
        self._on_event = on_event
        self._retry_ns = RETRY_FIRST_NS
        self._attempt: object = None
        self._bell = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        try:
            self._watch = loop.watch_fd(self._bell, self._on_bell)
        except HostError:  # in simulated time
            os.close(self._bell)
            raise
        self._timer = loop.timer(self._connect)
        self._ring_context = lib.callback("pa_context_notify_cb_t", self.ring)
        self._mainloop = lib.pa_threaded_mainloop_new()
        lib.pa_threaded_mainloop_start(self._mainloop)
        self._connect(loop.now_ns())

    def ring(self, *_arguments: object) -> None:
        """Have the loop look; called by libpulse's thread."""
        os.eventfd_write(self._bell, 1)

    @contextmanager
    def locked(self) -> Generator[None, None, None]:
        """Keep libpulse's thread out."""
        self._lib.pa_threaded_mainloop_lock(self._mainloop)
        try:
            yield
        finally:
            self._lib.pa_threaded_mainloop_unlock(self._mainloop)

    def settle(self, done: Callable[[], bool], limit_ns: int) -> None:
        """Wait for the server until `done()`, but no longer than so, and not for one that is not there."""
        server = self._options.server
        if server in _silent:
            return
        poll = select.poll()
        poll.register(self._bell, select.POLLIN)
        deadline_ns = self._loop.now_ns() + limit_ns
        while not (self.refusal or done()):
            left_ns = deadline_ns - self._loop.now_ns()
            if left_ns <= 0:
                _silent.add(server)
                return
            if poll.poll(-(-left_ns // 1_000_000)):
                self._on_bell(self._loop.now_ns())

    def _connect(self, now_ns: int) -> None:
        lib = self._lib
        with self.locked():
            texts = {"application.name": self._user, "application.icon_name": self._options.icon}
            properties = self.properties(texts)
            api = lib.pa_threaded_mainloop_get_api(self._mainloop)
            self._attempt = lib.pa_context_new_with_proplist(api, encoded(self._user), properties)
            lib.pa_proplist_free(properties)
            lib.pa_context_set_state_callback(self._attempt, self._ring_context, None)
            if self._options.cookie:
                lib.pa_context_load_cookie_from_file(self._attempt, encoded(self._options.cookie))
            lib.pa_context_connect(self._attempt, encoded(self._options.server) or None, CONTEXT_NOAUTOSPAWN, None)
        self.ring()

    def properties(self, texts: dict[str, str]) -> object:
        """A new property list, the caller's to free."""
        made: object = self._lib.pa_proplist_new()
        for key, text in texts.items():
            self._lib.pa_proplist_sets(made, key.encode(), encoded(text))
        return made

    def _on_bell(self, now_ns: int) -> None:
        with suppress(BlockingIOError):  # it was seen to already
            os.eventfd_read(self._bell)
        if self._attempt is not None:
            with self.locked():
                state = self._lib.pa_context_get_state(self._attempt)
            if state == CONTEXT_READY:
                self._be_ready()
            elif state in (CONTEXT_FAILED, CONTEXT_TERMINATED):
                self._be_lost(now_ns)
        self._on_event(now_ns)

    def _be_ready(self) -> None:
        self.context = self._attempt
        self.refusal = 0
        _silent.discard(self._options.server)
        self._retry_ns = RETRY_FIRST_NS

    def _be_lost(self, now_ns: int) -> None:
        lib = self._lib
        self.losses += self.context is not None
        with self.locked():
            self.refusal = lib.pa_context_errno(self._attempt)
        lost, self.context = self._attempt, None
        self._attempt = None
        self._on_event(now_ns)  # streams of that context go first
        with self.locked():
            lib.pa_context_set_state_callback(lost, None, None)
            lib.pa_context_disconnect(lost)
            lib.pa_context_unref(lost)
        self._timer.arm(now_ns + self._retry_ns)
        self._retry_ns = min(2 * self._retry_ns, RETRY_LAST_NS)

    def close(self) -> None:
        """Leave the server, end the thread."""
        lib = self._lib
        self._timer.disarm()
        self._watch.cancel()
        if self._attempt is not None:
            with self.locked():
                lib.pa_context_set_state_callback(self._attempt, None, None)
                lib.pa_context_disconnect(self._attempt)
                lib.pa_context_unref(self._attempt)
        self.context = self._attempt = None
        lib.pa_threaded_mainloop_stop(self._mainloop)
        lib.pa_threaded_mainloop_free(self._mainloop)
        os.close(self._bell)
        self._on_event = _nothing
        del self._timer, self._ring_context  # they hold us, and nobody collects garbage


def encoded(text: str) -> bytes:
    """As libpulse wants it: a guest may have any name."""
    return text.encode(errors="replace")


def _nothing(now_ns: int) -> None:
    """Nobody listens any more."""
