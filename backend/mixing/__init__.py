"""From guests' octets to the device's octets and back: queue, convert, remix, resample, sum.

A playing guest is a `Voice`, summed with the others by a `Mixer`.  A recording guest is a `CaptureVoice`, fed by a
`Splitter`.  Between its `FrameQueue` and the device all is float32, full scale +-1, shape [frames, channels].

Nothing here blocks, knows the time, or sees memory that a guest can write.
"""
