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
from backend.mixing.ramp import Ramp
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


class Remix:
    """The matrix of one stream, with the guest's gains in it.

    `rate_hz` is that of the frames it is applied to; it says how long a ramp is.
    """

    def __init__(self, source_channels: int, destination_channels: int, rate_hz: int = 48_000) -> None:
        self._levels = self._matrix = remix_matrix(source_channels, destination_channels)
        self.shape = self._levels.shape
        """Source channels, destination channels."""
        self._ramp = Ramp(self.shape, rate_hz)
        self._settled_at = 0  # the place at which the last ramp that was heard is over
        self.idle = self._is_unity()
        """Whether nothing is changed, so that `apply` can be left out."""

    def set_source_gains(self, gains: Sequence[float], *, ramped: bool = False) -> None:
        """Turn each source channel up or down; 1 is unity, 0 mutes.  At once, unless it is to be `ramped`."""
        self._set_matrix((self._levels * np.array(gains)[:, np.newaxis]).astype(np.float32), ramped)

    def set_destination_gains(self, gains: Sequence[float], *, ramped: bool = False) -> None:
        """Turn each destination channel up or down; 1 is unity, 0 mutes.  At once, unless it is to be `ramped`."""
        self._set_matrix((self._levels * np.array(gains)).astype(np.float32), ramped)

    def _set_matrix(self, matrix: FloatArray, ramped: bool) -> None:
        if not ramped:
            self._end_ramp()
        elif not np.array_equal(matrix, self._matrix):  # a guest that repeats itself gets there all the same
            self._ramp.begin(self._matrix - matrix)
        self._matrix = matrix
        self.idle = self._is_unity()

    def _is_unity(self) -> bool:
        return not self._ramp.left and self.shape[0] == self.shape[1] and np.array_equal(self._matrix, self._levels)

    def settle(self) -> None:
        """Be where the gains are to be: what comes next does not continue what came before."""
        self._end_ramp()
        self.idle = self._is_unity()

    def _end_ramp(self) -> None:
        self._ramp.end()
        self._settled_at = 0

    def rewind(self, frames: int, place: int) -> None:
        """So many `frames` are remixed again, from `place` on: stand in the last ramp, or before it, as then.

        No more than one ramp is remembered: what led to where it began counts as if it had always been so.
        """
        left = self._ramp.left
        self._ramp.left = left + frames if left else max(0, self._settled_at - place)
        self.idle = self._is_unity()

    def begin_ramp(self) -> None:
        """If a ramp is still to come, let it begin with the next frame."""
        self._ramp.left = min(self._ramp.left, self._ramp.frames)

    def apply(self, frames: FloatArray, out: FloatArray, place: int = 0) -> None:
        """Remix `frames` into as many frames of `out`; `place` is that of the first, for who wants to rewind."""
        np.matmul(frames, self._matrix, out=out)
        if self._ramp.left:
            self._settled_at = place + self._ramp.left
            self._ramp.add(frames, out)
            self.idle = self._is_unity()
