"""Watch: was the guest awake while nobody told it of a period?

Theory.  A guest that hears of a period too late may have slept since nobody rang, or stood still: its processor was
somebody else's.  When it runs again both look alike to it, and to whoever reads its trace; but one is to be mended in
the notification, the other in the guest.  So it keeps a watch.  Half a period after news are due, and every period from
then on until they come, a timer looks for them.  If that fires in time the guest was awake.  If it is late itself, then
by so much the guest stood still.

While all are in time it costs a deadline that is put off once a period, which wakes nobody and leaves no record.
"""

from frontend.link import StreamLink
from ringproto.trace import Point

LOOKS_MAX = 100
"""News that are not there by then will not come."""


class Watch:
    """One open stream's."""

    def __init__(self, link: StreamLink, period_ns: int) -> None:
        self._put = link.tracer.put
        self._whose = link.host.domid, link.stream
        self._period_ns = period_ns
        self._timer = link.loop.timer(self._look)
        self._due_ns: int | None = None
        self._looks = 0

    def heard(self, now_ns: int) -> None:
        """News came in, or will from now on."""
        if self._due_ns is not None and now_ns > self._due_ns:  # it was due first, and did not get to run
            self._look(now_ns)
        self._looks = 0
        self._arm(now_ns + self._period_ns + self._period_ns // 2)

    def end(self) -> None:
        """No more is to be expected."""
        self._due_ns = None
        self._timer.disarm()

    def _arm(self, due_ns: int) -> None:
        self._due_ns = due_ns
        self._timer.arm(due_ns)

    def _look(self, now_ns: int) -> None:
        due_ns, self._due_ns = self._due_ns, None
        if due_ns is None:
            return
        self._put(now_ns, Point.WAITED, *self._whose, 0, now_ns - due_ns)
        self._looks += 1
        if self._looks < LOOKS_MAX:
            self._arm(now_ns + self._period_ns)
