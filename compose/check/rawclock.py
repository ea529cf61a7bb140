"""The card of the raw backend: it plays to nothing, and its clock is the loop's."""

from ringproto.messages import OpenRequest

SECOND_NS = 1_000_000_000


class RawClock:
    """How far one opening of a stream is, in frames since OPEN."""

    def __init__(self, opened: OpenRequest) -> None:
        self._rate_hz = opened.rate_hz
        self._period = opened.period_octets // opened.frame_octets
        self._buffer = opened.buffer_octets // opened.frame_octets
        self._base = 0
        self._began_ns: int | None = None
        self._told = 0

    @property
    def runs(self) -> bool:
        """Whether it was started and not stopped."""
        return self._began_ns is not None

    @property
    def due_ns(self) -> int | None:
        """When to tell of the next period: a frame after its end, for the kernel wants *more* than a period."""
        if self._began_ns is None or not self._period:
            return None
        wanted = (self._told // self._period + 1) * self._period + 1
        return self._began_ns - (self._base - wanted) * SECOND_NS // self._rate_hz + 1

    def start(self, now_ns: int) -> None:
        """Go on from where it stands."""
        self._began_ns = now_ns

    def pause(self, now_ns: int) -> None:
        """Stand still."""
        self._base, self._began_ns = self._at(now_ns), None

    def stop(self, now_ns: int) -> int:
        """Stand still at the next multiple of the buffer, where ALSA will begin; how far it is then."""
        self._base = self._told = -(-self._at(now_ns) // self._buffer) * self._buffer
        self._began_ns = None
        return self._base

    def tell(self, now_ns: int) -> int:
        """How far it is; so far it was told then."""
        self._told = self._at(now_ns)
        return self._told

    def _at(self, now_ns: int) -> int:
        return self._base + (0 if self._began_ns is None else (now_ns - self._began_ns) * self._rate_hz // SECOND_NS)
