"""What is taken back is not heard at the monitor; what is written instead is, frame for frame in its place.

But for PipeWire, which leaves whole cycles out while a machine is busy: there what does come out is the right take.
"""

from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from backend.devices.api import AudioDevice
from backend.devices.pulse.opening import open_pulse
from backend.devices.pulse.options import PulseOptions
from hosts.loop import RealLoop
from ringproto.card import Direction
from tests.backend.devices.pulse.servers import Server

BUFFER_FRAMES = 19_200
AHEAD_FRAMES = 9600
"""So far ahead of the position is taken back: no machine that stands still for a while makes that too late."""
TAKES = 8
STEP_NS = 5_000_000
LIMIT_NS = 20_000_000_000
SILENCE = np.zeros(AHEAD_FRAMES // 2, np.int16).tobytes()

Frames = NDArray[np.int16]


class Deck:
    """A speaker and what is heard of it: a frame says its own number on the left, and on the right its take."""

    def __init__(self, server: Server, loop: RealLoop) -> None:
        options = PulseOptions(server=server.url, device="speaker", buffer_frames=BUFFER_FRAMES)
        ear = PulseOptions(server=server.url, device="speaker.monitor", buffer_frames=BUFFER_FRAMES)
        self.speaker: AudioDevice = open_pulse(options, Direction.PLAYBACK, loop, "guest")
        self.monitor: AudioDevice = open_pulse(ear, Direction.CAPTURE, loop, "guest")
        self.keeps_all = server.keeps_all
        self._loop = loop
        self._heard = bytearray()
        self._into = memoryview(bytearray(BUFFER_FRAMES * 4))
        self.monitor.start(loop.now_ns())

    def write(self, take: int) -> None:
        """As much as fits."""
        numbers = 1 + np.arange(BUFFER_FRAMES) + self.speaker.written_frames
        frames = np.stack([numbers, np.full_like(numbers, take)], axis=1).astype("<i2")
        self.speaker.write(memoryview(frames.tobytes()), self._loop.now_ns())

    def rewind(self, frame: int) -> int:
        """Take back; where it ends."""
        end = self.speaker.rewind(frame, self._loop.now_ns())
        assert end == self.speaker.written_frames
        return end

    def position(self) -> int:
        """How far the speaker is."""
        return self.speaker.position(self._loop.now_ns())

    def run_to(self, frame: int, take: int = 0) -> None:
        """Until the speaker is there, kept full with that take if it is one."""
        end_ns = self._loop.now_ns() + LIMIT_NS
        while self.position() < frame and self._loop.now_ns() < end_ns:
            if take:
                self.write(take)
            self._listen()
        assert self.position() >= frame

    def _listen(self) -> None:
        self._heard += self._into[: 4 * self.monitor.read(self._into, self._loop.now_ns())]
        self._loop.run_until(lambda: False, self._loop.now_ns() + STEP_NS)

    def heard(self) -> Frames:
        """All that is not silence, once there is nothing but silence any more: [frames, (number, take)]."""
        end_ns = self._loop.now_ns() + LIMIT_NS
        while not self._heard.endswith(SILENCE) and self._loop.now_ns() < end_ns:
            self._listen()
        assert self.monitor.underruns == 0
        frames: Frames = np.frombuffer(bytes(self._heard), "<i2").reshape(-1, 2)
        return frames.compress(frames[:, 1] != 0, axis=0)


@pytest.fixture
def deck(server: Server, loop: RealLoop) -> Iterator[Deck]:
    made = Deck(server, loop)
    yield made
    made.speaker.close()
    made.monitor.close()


def assert_heard(deck: Deck, takes: list[tuple[int, int]], end: int) -> None:
    """Every frame up to `end` once, in order, each of the take that began last before it: (first frame, take)."""
    heard = deck.heard()
    frames = heard[:, 0].astype(np.uint16).astype(int) - 1
    assert (np.diff(frames) > 0).all()
    assert frames[-1] < end
    assert len(frames) == end or not deck.keeps_all
    expected = np.zeros(end, np.int16)
    for first, take in takes:
        expected[first:] = take
    wrong = frames[heard[:, 1] != expected[frames]]
    assert len(wrong) == 0, f"{len(wrong)} frames of another take, the first of them {wrong[0]}"
    assert set(heard[:, 1]) == {take for _, take in takes}


def test_what_is_written_instead_is_heard(deck: Deck, loop: RealLoop) -> None:
    takes = [(0, 1)]
    deck.write(1)
    deck.speaker.start(loop.now_ns())
    for take in range(2, TAKES):
        deck.run_to(deck.position() + 1500, take - 1)
        frame = deck.position() + AHEAD_FRAMES
        assert deck.rewind(frame) == frame, "far ahead it is exact"
        deck.write(take)
        takes.append((frame, take))
    end = deck.speaker.written_frames
    deck.run_to(end)
    assert_heard(deck, takes, end)


def test_what_is_taken_back_is_not_heard(deck: Deck, loop: RealLoop) -> None:
    deck.write(1)
    deck.speaker.start(loop.now_ns())
    deck.run_to(1500, 1)
    end = deck.rewind(deck.position() + AHEAD_FRAMES)
    deck.run_to(end + AHEAD_FRAMES)
    assert_heard(deck, [(0, 1)], end)
    assert deck.speaker.underruns == 1


def test_what_is_taken_back_before_it_starts_is_not_heard(deck: Deck, loop: RealLoop) -> None:
    deck.write(1)
    assert deck.rewind(1000) == 1000
    deck.write(2)
    deck.speaker.start(loop.now_ns())
    end = deck.speaker.written_frames
    assert end == BUFFER_FRAMES
    deck.run_to(end)
    assert_heard(deck, [(0, 1), (1000, 2)], end)


def test_what_the_server_may_have_taken_stays(deck: Deck, loop: RealLoop) -> None:
    deck.write(1)
    deck.speaker.start(loop.now_ns())
    deck.run_to(1500, 1)
    before = deck.position()
    assert before < deck.rewind(0) <= deck.position() + deck.speaker.params.period_frames


def test_nothing_is_taken_back_twice(deck: Deck, loop: RealLoop) -> None:
    deck.write(1)
    assert deck.rewind(BUFFER_FRAMES) == BUFFER_FRAMES, "nothing was written there"
    assert deck.rewind(0) == 0
    deck.speaker.start(loop.now_ns())
    deck.run_to(1500)
    ahead = deck.speaker.written_frames
    assert deck.rewind(0) == ahead, "since it ran dry nothing was written"
    assert deck.speaker.underruns == 1
    deck.speaker.stop(loop.now_ns())
    assert deck.rewind(0) == deck.position()


def test_a_source_takes_nothing_back(deck: Deck, loop: RealLoop) -> None:
    assert not deck.monitor.capabilities.rewinds
    deck.speaker.start(loop.now_ns())
    deck.run_to(1500)
    before = deck.monitor.written_frames
    assert before > 0
    assert deck.monitor.rewind(0, loop.now_ns()) == before
