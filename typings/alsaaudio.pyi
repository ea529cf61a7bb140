# What we use of pyalsaaudio 0.11, which has no types of its own.
from typing import TypedDict

PCM_PLAYBACK: int
PCM_CAPTURE: int
PCM_NONBLOCK: int
PCM_FORMAT_U8: int
PCM_FORMAT_S16_LE: int
PCM_FORMAT_S24_LE: int
PCM_FORMAT_S32_LE: int
PCM_FORMAT_FLOAT_LE: int

class ALSAAudioError(Exception): ...

class _Info(TypedDict):
    rate: int
    channels: int
    format: int
    format_name: str
    period_size: int
    buffer_size: int
    card_no: int
    is_batch: bool

class PCM:
    def __init__(
        self, *, type: int, mode: int, device: str, rate: int, channels: int, format: int, periodsize: int, periods: int
    ) -> None: ...
    def info(self) -> _Info: ...
    def polldescriptors(self) -> list[tuple[int, int]]: ...
    def polldescriptors_revents(self, descriptors: list[tuple[int, int]]) -> int: ...
    def avail(self) -> int: ...
    def write(self, data: memoryview) -> int: ...
    def read(self) -> tuple[int, bytes]: ...
    def drop(self) -> int: ...
    def close(self) -> None: ...
