"""What an operator says of a sink or source."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from backend.devices.api import DeviceParams
from ringproto.formats import Format

SampleFormat = Literal["u8", "s16_le", "s24_le", "s32_le", "float_le"]

FORMAT_CODES: dict[Format, int] = {
    Format.U8: 0,
    Format.S16_LE: 3,
    Format.FLOAT_LE: 5,
    Format.S32_LE: 7,
    Format.S24_LE: 11,  # PA_SAMPLE_S24_32LE: 24 bits in four octets, as ALSA has them
}
"""pa_sample_format_t."""


class PulseOptions(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which server and what on it, and the stream that is asked for.  The server converts, so all is granted."""

    server: str = ""
    """As PULSE_SERVER: "unix:/run/user/1000/pulse/native", "tcp:host"; libpulse's own choice if empty."""
    cookie: str = ""
    """The file with what lets us in; libpulse's own choice if empty.  Of no concern to a server of the same user."""
    device: str = ""
    """A sink's or source's name ("speaker", "speaker.monitor"); the server's default if empty."""
    rate_hz: Annotated[int, Meta(ge=4000, le=384_000)] = 48_000
    channels: Annotated[int, Meta(ge=1, le=8)] = 2
    format: SampleFormat = "s16_le"
    period_frames: Annotated[int, Meta(ge=16)] = 480
    buffer_frames: Annotated[int, Meta(ge=32)] = 1920
    media_role: str = "music"
    icon: str = "audio-card"

    @property
    def silent_octet(self) -> bytes:
        """What silence is made of."""
        return b"\x80" if self.format == "u8" else b"\0"

    @property
    def params(self) -> DeviceParams:
        """The same as a device has them."""
        return DeviceParams(
            self.rate_hz, self.channels, Format.from_name(self.format), self.period_frames, self.buffer_frames
        )
