"""A model of how the kernel's frontend takes position events: which it accepts, and when it says a period has passed.

Two generations are in the field.  The older counts event ids from connection on.  The newer begins anew, and skips
what is unread, whenever a PCM is opened, gets parameters, or gives them up.  Both count every slot they consume,
accepted or not, and both say "period elapsed" only when *more* than a period has gone by.
"""

from ringproto.abi import EVENT_SLOTS, IN_CONS, IN_PROD
from ringproto.messages import CurPos, parse_event

WRAP = 1 << 32


class KernelEvents:
    """The event channel of one stream; `newer` chooses the generation.

    One that `reads_only` counts for itself and leaves the shared count to another reader of the same page.
    """

    def __init__(self, page: memoryview, *, newer: bool, reads_only: bool = False) -> None:
        self._page = page
        self._words = page.cast("I")
        self._newer = newer
        self._reads_only = reads_only
        self._consumed = self._words[IN_CONS]
        self._expected = 0
        self._open = False
        self.consumed = 0
        self.accepted: list[int] = []
        """Positions in octets, of all streams."""
        self.elapsed = 0
        """Periods said to have passed since the last `reset`."""
        self._clear()

    def _clear(self) -> None:
        self._last_frames = self._out_frames = 0

    def reset(self, frame_octets: int = 4, period_frames: int = 480) -> None:
        """A PCM is opened, gets parameters, or gives them up."""
        self._frame_octets, self._period_frames = frame_octets, period_frames
        self.elapsed = 0
        self._clear()
        self._open = True
        if self._newer:
            self._expected = 0
            self._move(self._words[IN_PROD])

    def closed(self) -> None:
        """No PCM: interrupts are ignored, and events stay unread."""
        self._open = False

    def interrupt(self, now_ns: int = 0) -> None:
        """The event channel rang."""
        if not self._open:
            return
        produced, consumed = self._words[IN_PROD], self._consumed
        while consumed != produced:
            at = 64 + consumed % EVENT_SLOTS * 64
            slot = bytes(self._page[at : at + 64])
            consumed = (consumed + 1) % WRAP
            self.consumed += 1
            matches = int.from_bytes(slot[:2], "little") == self._expected
            self._expected = self._expected + 1 & 0xFFFF
            event = parse_event(slot)
            if matches and isinstance(event, CurPos):
                self._on_position(event.position_octets)
        self._move(consumed)

    def release(self) -> None:
        """Let go of the page."""
        self._words.release()

    def _move(self, consumed: int) -> None:
        self._consumed = consumed
        if not self._reads_only:
            self._words[IN_CONS] = consumed

    def _on_position(self, octets: int) -> None:
        self.accepted.append(octets)
        frames = octets // self._frame_octets
        self._out_frames += (frames - self._last_frames) % (1 << 64)
        self._last_frames = frames
        if self._out_frames > self._period_frames:
            self._out_frames %= self._period_frames
            self.elapsed += 1
