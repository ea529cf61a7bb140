"""Applications that rewind and forward in their buffer, as ALSA lets them; the wire tells of it by offsets alone."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from ringproto.abi import Trigger
from ringproto.card import Direction
from ringproto.messages import ReadRequest, WriteRequest
from tests.backend.rawguest import BUFFER_FRAMES, FRAME_OCTETS, MS, RawGuest, card, machine_with_backend


class Player:
    """An ALSA application: `appl` is the frame that it writes next, and what is in the buffer is `sound`."""

    def __init__(self, folder: Path) -> None:
        self.wav = folder / "x.wav"
        machine, dom0, self.backend = machine_with_backend({"play_to": str(self.wav)})
        self.guest = RawGuest(machine, dom0)
        self.guest.connect()
        assert self.guest.open() == 0
        self.appl = 0
        self.last_sample = 0
        self.sound: dict[int, int] = {}

    def write(self, frames: int) -> None:
        """Write frames that are like no others, in pieces that do not wrap."""
        while frames:
            offset = self.appl % BUFFER_FRAMES
            count = min(frames, BUFFER_FRAMES - offset)
            samples = np.arange(self.last_sample + 1, self.last_sample + 1 + count, dtype="<i2")
            self.last_sample += count
            self.sound.update(zip(range(self.appl, self.appl + count), samples.tolist(), strict=True))
            request = self.guest.write(np.repeat(samples, 2).tobytes(), offset * FRAME_OCTETS)
            assert self.guest.call(request) == 0
            self.appl += count
            frames -= count

    def rewind(self, frames: int) -> None:
        self.appl -= frames

    def forward(self, frames: int) -> None:
        for frame in range(self.appl, self.appl + frames):
            self.sound.setdefault(frame, 0)
        self.appl += frames

    @property
    def hw(self) -> int:
        """What it was told to be played."""
        return self.guest.positions[-1] if self.guest.positions else 0

    def heard(self) -> list[int]:
        self.backend.close()
        samples, _ = soundfile.read(self.wav, dtype="int16", always_2d=True)
        return [int(sample) for sample in samples[:, 0]]


def test_what_is_rewound_before_it_was_mixed_is_never_heard(tmp_path: Path) -> None:
    player = Player(tmp_path)
    player.write(1000)
    player.rewind(600)
    player.write(600)
    assert player.guest.trigger(Trigger.START) == 0
    player.guest.settle(30 * MS)
    heard = player.heard()
    assert heard[:1000] == [*range(1, 401), *range(1001, 1601)]
    assert not any(heard[1000:])


def test_what_is_forwarded_over_is_played_as_it_lies_there(tmp_path: Path) -> None:
    player = Player(tmp_path)
    player.write(300)
    player.forward(200)
    player.write(300)
    assert player.guest.trigger(Trigger.START) == 0
    player.guest.settle(30 * MS)
    assert player.heard()[:800] == [*range(1, 301), *[0] * 200, *range(301, 601)]


def test_what_was_mixed_already_cannot_be_taken_back_and_time_stays_straight(tmp_path: Path) -> None:
    """Two periods of ten milliseconds are mixed ahead of the card."""
    player = Player(tmp_path)
    player.write(1920)
    assert player.guest.trigger(Trigger.START) == 0
    player.guest.settle(2 * MS)
    player.rewind(1900)
    player.write(1900)
    player.guest.settle(50 * MS)
    assert player.heard()[:1920] == [*range(1, 961), *range(1920 + 941, 3821)]


ACTIONS = st.lists(
    st.tuples(st.sampled_from(["write", "rewind", "forward"]), st.integers(1, BUFFER_FRAMES)), min_size=1, max_size=12
)


@given(actions=ACTIONS)
def test_before_the_start_any_of_it_is_heard_as_alsa_would_play_the_buffer(
    tmp_path_factory: pytest.TempPathFactory, actions: list[tuple[str, int]]
) -> None:
    player = Player(tmp_path_factory.mktemp("x"))
    for action, frames in actions:
        if action == "rewind":
            player.rewind(min(frames, max(player.appl - 1, 0)))  # a whole buffer back looks like no step at all
        elif action == "write":
            player.write(min(frames, BUFFER_FRAMES - player.appl))
        else:
            player.forward(min(frames, BUFFER_FRAMES - player.appl))
    end = player.appl
    if end % BUFFER_FRAMES == 0:
        return
    player.write(1)
    assert player.guest.trigger(Trigger.START) == 0
    player.guest.settle(60 * MS)
    assert player.heard()[: end + 1] == [player.sound[frame] for frame in range(end + 1)]


class Recorder:
    """An ALSA application that records numbered frames."""

    def __init__(self, folder: Path) -> None:
        soundfile.write(folder / "in.wav", np.repeat(np.arange(1, 9601, dtype="int16"), 2).reshape(-1, 2), 48000)
        machine, dom0, _ = machine_with_backend({"record_from": str(folder / "in.wav")})
        self.guest = RawGuest(machine, dom0, config=card(direction=Direction.CAPTURE))
        self.guest.connect()
        assert self.guest.open() == 0
        assert self.guest.trigger(Trigger.START) == 0

    def read(self, first: int, frames: int) -> list[int]:
        """The frames from `first` on, counted from the start."""
        offset = first % BUFFER_FRAMES * FRAME_OCTETS
        assert self.guest.call(ReadRequest(self.guest.next_id(), offset, frames * FRAME_OCTETS)) == 0
        octets = bytearray(frames * FRAME_OCTETS)
        self.guest.buffer.read_into(offset, memoryview(octets))
        return [int(sample) for sample in np.frombuffer(octets, "<i2")[::2]]


def test_a_recording_that_is_forwarded_leaves_frames_out(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.guest.settle(32 * MS)
    assert recorder.read(0, 300) == list(range(1, 301))
    assert recorder.read(500, 300) == list(range(501, 801))
    assert recorder.read(800, 500) == list(range(801, 1301))


def test_a_recording_that_is_rewound_is_read_again_and_goes_on(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    recorder.guest.settle(32 * MS)
    assert recorder.read(0, 600) == list(range(1, 601))
    assert recorder.read(200, 300) == list(range(201, 501)), "what it has already"
    assert recorder.read(500, 300) == list(range(501, 801)), "partly"
    assert recorder.read(800, 100) == list(range(801, 901))


def test_a_flood_of_single_frames_is_answered_and_played(tmp_path: Path) -> None:
    player = Player(tmp_path)
    samples = np.repeat(np.arange(1, 1921, dtype="<i2"), 2)
    player.guest.buffer.write_from(0, memoryview(samples.tobytes()))
    for first in range(0, 1920, 30):
        player.guest.send(*(WriteRequest(first + n, (first + n) * 4, 4) for n in range(30)))
        player.guest.settle(1 * MS)
    assert [response.status for response in player.guest.responses[1:]] == [0] * 1920
    assert player.guest.trigger(Trigger.START) == 0
    player.guest.settle(50 * MS)
    assert player.heard()[:1920] == list(range(1, 1921))


def test_a_storm_of_starts_and_stops_leaves_a_stream_that_plays(tmp_path: Path) -> None:
    player = Player(tmp_path)
    for _ in range(200):
        assert player.guest.trigger(Trigger.START) == 0
        assert player.guest.trigger(Trigger.STOP) == 0
    told = len(player.guest.events)
    assert player.guest.trigger(Trigger.START) == 0
    player.guest.settle(50 * MS)
    assert len(player.guest.events) >= told + 3
