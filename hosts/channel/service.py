"""A channel served by a loop that has much else to do.

The loop needs to know nothing of rings.  A channel that has nothing more asks to be woken at once and stays so until
it is: a channel at rest costs a pass of the loop nothing, however many there are.  One that is busy is looked at again
a few times before that (`hosts.channel.patience`), and gives way to the others after so many turns.
"""

from collections.abc import Callable

from hosts.api import Loop
from hosts.channel.api import ChannelError, Message, MessageChannel
from hosts.channel.patience import LOOKS

TURNS_PER_PASS = 64
"""Messages and looks, before everybody else has a turn."""

LOOKS_PER_PASS = min(LOOKS, 32)
"""After the last message: about 20 us in which nobody else is served."""


class Service:
    """Takes what comes on `channel` and calls `on_message`; when it ends `on_end`, once, having closed it."""

    def __init__(
        self,
        channel: MessageChannel,
        loop: Loop,
        on_message: Callable[[Message], None],
        on_end: Callable[[ChannelError], None],
    ) -> None:
        self._channel = channel
        self._loop = loop
        self._on_message = on_message
        self._on_end = on_end
        self._soon = True
        self._open = True
        self._watch = loop.watch_fd(channel.fileno(), self._on_readable)
        loop.call_soon(self._on_soon)  # nobody was asked to wake us yet

    def close(self) -> None:
        """Close the channel, without a call of `on_end`.  Harmless twice."""
        if self._open:
            self._open = False
            self._watch.cancel()
            self._channel.close()

    def _on_readable(self, _now_ns: int) -> None:
        if not self._soon:
            self._serve()

    def _on_soon(self, _now_ns: int) -> None:
        self._soon = False
        self._serve()

    def _serve(self) -> None:
        try:
            again = self._take_turns()
        except ChannelError as error:
            if self._open:
                self.close()
                self._on_end(error)
            return
        if again:
            self._soon = True
            self._loop.call_soon(self._on_soon)

    def _take_turns(self) -> bool:
        """Whether there is more."""
        looks = 0
        for _ in range(TURNS_PER_PASS):
            if not self._open:
                return False
            message = self._channel.take()
            if message is not None:
                looks = LOOKS_PER_PASS * self._channel.is_shared
                self._on_message(message)
            elif looks:
                looks -= 1
            elif not self._channel.before_poll():
                return False
        return self._open
