"""Which loudspeaker hears which channel when a guest and a device count their channels differently.

sndif numbers channels and does not name them, so the count stands for a layout: ALSA's surround21 ... surround71, whose
order every ALSA guest uses.

| count | channels                    | count | channels                      |
|-------|-----------------------------|-------|-------------------------------|
| 1     | FC                          | 5     | FL FR RL RR FC                |
| 2     | FL FR                       | 6     | FL FR RL RR FC LFE            |
| 3     | FL FR LFE                   | 7     | FL FR RL RR FC LFE RC         |
| 4     | FL FR RL RR                 | 8     | FL FR RL RR FC LFE SL SR      |

Rules:

1. Equal counts go one to one, whatever the count.
2. A lone channel is no centre loudspeaker but *the* sound: it goes to FL and FR, both at full level, and nowhere else.
   So mono to stereo and back is the same again, and it is heard wherever at least two channels are.
3. A loudspeaker that the destination has, gets its channel.  One that it lacks is folded into its neighbours, 3 dB
   down at each step: side into rear, rear into front, rear centre into both rears, centre into both fronts, and both
   fronts into a lone centre.
4. LFE is dropped where there is none, as in ITU-R BS.775, which leaves it out of every downmix.
5. Then all is turned down by one factor, which keeps the balance, so that a guest at full scale cannot clip alone.
"""

from collections.abc import Sequence
from enum import Enum, auto

import numpy as np
import numpy.typing as npt

from backend.mixing.convert import FloatArray
from ringproto.errors import Errno, ProtocolError


class Speaker(Enum):
    """Loudspeakers, named by place: front, rear, side; left, right, centre; low-frequency effects."""

    FL = auto()
    FR = auto()
    RL = auto()
    RR = auto()
    FC = auto()
    LFE = auto()
    SL = auto()
    SR = auto()
    RC = auto()


FL, FR, RL, RR, FC, LFE, SL, SR, RC = Speaker

#: The layout that a number of channels stands for.
LAYOUTS: dict[int, tuple[Speaker, ...]] = {
    1: (FC,),
    2: (FL, FR),
    3: (FL, FR, LFE),
    4: (FL, FR, RL, RR),
    5: (FL, FR, RL, RR, FC),
    6: (FL, FR, RL, RR, FC, LFE),
    7: (FL, FR, RL, RR, FC, LFE, RC),
    8: (FL, FR, RL, RR, FC, LFE, SL, SR),
}

_NEIGHBOURS: dict[Speaker, tuple[Speaker, ...]] = {
    FL: (FC,),
    FR: (FC,),
    FC: (FL, FR),
    RL: (FL,),
    RR: (FR,),
    RC: (RL, RR),
    SL: (RL,),
    SR: (RR,),
    LFE: (),
}

_FOLD = 0.5**0.5  # 3 dB down: two loudspeakers so fed sound as loud as the one they stand for


def remix_matrix(source_channels: int, destination_channels: int) -> FloatArray:
    """Levels, shape [source channels, destination channels]: `source @ matrix` is what the destination plays.

    Raises ProtocolError(EINVAL) for different counts of which one has no layout (0, or more than 8).
    """
    if source_channels == destination_channels:
        return np.eye(source_channels, dtype=np.float32)
    if source_channels not in LAYOUTS or destination_channels not in LAYOUTS:
        raise ProtocolError(Errno.EINVAL, f"{source_channels} channels cannot be remixed to {destination_channels}")
    present = LAYOUTS[destination_channels]
    matrix = np.zeros((source_channels, destination_channels))
    if source_channels == 1:
        matrix[0, [present.index(FL), present.index(FR)]] = 1.0
    else:
        for row, speaker in enumerate(LAYOUTS[source_channels]):
            _place(speaker, 1.0, present, matrix[row])
    loudest: float = matrix.sum(axis=0).max()
    return np.divide(matrix, max(1.0, loudest)).astype(np.float32)


def _place(speaker: Speaker, level: float, present: tuple[Speaker, ...], row: npt.NDArray[np.float64]) -> None:
    if speaker in present:
        row[present.index(speaker)] += level
        return
    for neighbour in _NEIGHBOURS[speaker]:
        _place(neighbour, level * _FOLD, present, row)


RAMP_S = 0.01
"""How long a change of gain takes.  A step is heard as a click; a hundredth of a second is not, and seems at once."""


class Remix:
    """The matrix of one stream, with the guest's gains in it.

    A change of gain is a straight line from where the gains are to where they are to be, over `RAMP_S`, sample by
    sample and across blocks.  Only then does `apply` make more than one product, and arrays of its own.
    """

    def __init__(self, source_channels: int, destination_channels: int, rate_hz: int = 48_000) -> None:
        self._levels = remix_matrix(source_channels, destination_channels)
        self.shape = self._levels.shape
        """Source channels, destination channels."""
        self._ramp_frames = max(1, round(rate_hz * RAMP_S))
        self._matrix = self._from = self._levels
        self._left = 0  # frames of the ramp that are still to come
        self.idle = False
        """Whether nothing is changed, so that `apply` can be left out."""
        self._settle()

    def set_source_gains(self, gains: Sequence[float], *, ramped: bool = False) -> None:
        """Turn each source channel up or down; 1 is unity, 0 mutes.  At once, unless it is to be `ramped`."""
        self._set_matrix((self._levels * np.array(gains)[:, np.newaxis]).astype(np.float32), ramped)

    def set_destination_gains(self, gains: Sequence[float], *, ramped: bool = False) -> None:
        """Turn each destination channel up or down; 1 is unity, 0 mutes.  At once, unless it is to be `ramped`."""
        self._set_matrix((self._levels * np.array(gains)).astype(np.float32), ramped)

    def _set_matrix(self, matrix: FloatArray, ramped: bool) -> None:
        if ramped and (self._left or not np.array_equal(matrix, self._matrix)):
            self._from = self._now()
            self._left = self._ramp_frames
            self.idle = False
        self._matrix = matrix
        if not ramped:
            self._left = 0
        if not self._left:
            self._settle()

    def _now(self) -> FloatArray:
        """The matrix where the ramp stands."""
        faded = (self._from - self._matrix) * np.float32(self._left / self._ramp_frames)
        return np.asarray(self._matrix + faded, np.float32)

    def _settle(self) -> None:
        self.idle = self.shape[0] == self.shape[1] and np.array_equal(self._matrix, np.eye(self.shape[0]))

    def apply(self, frames: FloatArray, out: FloatArray) -> None:
        """Remix `frames` into as many frames of `out`."""
        np.matmul(frames, self._matrix, out=out)
        if self._left:
            self._ramp(frames, out)

    def _ramp(self, frames: FloatArray, out: FloatArray) -> None:
        """Lead from the old gains to the new: what is missing of the old fades out."""
        count = min(self._left, len(frames))
        fading = np.arange(self._left - 1, self._left - 1 - count, -1, dtype=np.float32) / np.float32(self._ramp_frames)
        out[:count] += (frames[:count] @ (self._from - self._matrix)) * fading[:, np.newaxis]
        self._left -= count
        if not self._left:
            self._settle()
