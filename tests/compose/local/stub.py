"""As much of a client as the examples look at."""

from typing import cast

from frontend.local import LocalClient
from ringproto.local.region import Shape


class Stub:
    """One whose card a test moves."""

    def __init__(self, channels: int = 2) -> None:
        self.shape = Shape(48000, 480, 3, channels, channels)
        self.frame = 0
        self.played_frames = 0

    @property
    def client(self) -> LocalClient:
        """As the examples' type."""
        return cast("LocalClient", self)
