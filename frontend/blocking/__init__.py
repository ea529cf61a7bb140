"""Blocking calls on top of a stream that calls back: `receive`, `send` and `duplex`, without locks between the two.

    with Region.create(Shape(48000, inputs=0, outputs=2, frames_max=480)) as region:
        bridge = Bridge(region)                  # bridge.process is the stream's callback: on its thread or process
        with Caller(region) as caller:           # on ours
            caller.send(frames)                  # float32, [frames, channels], as many as you like

The two may be threads, or processes that share the region's descriptor.  docs/blocking.md says which to choose.
"""

from frontend.blocking.bridge import Bridge
from frontend.blocking.caller import CallbackLostError, Caller, Outcome
from frontend.blocking.deadlines import Miss
from frontend.blocking.region import Region, Shape

__all__ = ["Bridge", "CallbackLostError", "Caller", "Miss", "Outcome", "Region", "Shape"]
