"""What an application makes of a callback: `process(input, output, frames)`, called at the card's own pace.

Rules of every stream that calls back (a guest's: `frontend.callback`; a local application's: `frontend.local`):

1. `input` and `output` are float32, [frames, channels], full scale +-1; [frames, 0] in a direction that the stream does
   not have.  They are the stream's, valid until `process` returns; `input` is not to be written.
2. What `output` holds when `process` returns is played.
3. One call at a time, always on the same thread.
"""

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float32]
Process: TypeAlias = Callable[[FloatArray, FloatArray, int], None]
