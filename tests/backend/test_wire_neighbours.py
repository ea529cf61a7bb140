"""A wire whose guest is hostile, and the neighbour on the same card."""

import logging
from pathlib import Path

import numpy as np
import pytest
import soundfile

from backend.wire import CREDIT_NS, TURN_NS
from hosts.sim.machine import SimHost, SimMachine
from ringproto.abi import Trigger
from ringproto.messages import CloseRequest, pack_request
from tests.backend.rawguest import BUFFER_FRAMES, FRAME_OCTETS, MS, RawGuest, machine_with_backend
from tests.backend.test_playback import Playing, noise


def hostile_beside(playing: Playing) -> RawGuest:
    """Domain 2, which plays silence on the same card."""
    machine: SimMachine = playing.guest.machine
    dom0: SimHost = machine.hosts[0]
    hostile = RawGuest(machine, dom0, 2)
    hostile.connect()
    assert hostile.open() == 0
    assert hostile.call(hostile.write(bytes(BUFFER_FRAMES * FRAME_OCTETS))) == 0
    assert hostile.trigger(Trigger.START) == 0
    return hostile


@pytest.mark.parametrize("page", ["ring", "event"])
def test_a_neighbour_of_a_guest_with_impossible_counts_is_heard_bit_for_bit(
    tmp_path: Path, page: str, caplog: pytest.LogCaptureFixture
) -> None:
    playing = Playing(tmp_path)
    hostile = hostile_beside(playing)
    playing.prefill()
    assert playing.guest.trigger(Trigger.START) == 0
    playing.play(8)
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        broken = hostile.ring_page if page == "ring" else hostile.event_page
        broken.pages[0].cast("I")[0] = 1000
        hostile.doorbell.notify()
        playing.play(20)
    assert (hostile.backend_state, playing.guest.backend_state) == ("6", "4")
    assert len(caplog.records) == 1
    playing.guest.settle(60 * MS)
    (stream,) = playing.backend.sessions[1, 0].streams
    assert stream.late_frames == 0
    heard = playing.heard()
    sent = playing.sent[: playing.at * 480]
    (start,) = np.flatnonzero((heard == sent[0]).all(axis=1))
    assert np.array_equal(heard[start : start + len(sent)], sent)


def test_a_storm_of_requests_and_bells_costs_the_neighbour_nothing(tmp_path: Path) -> None:
    wav = tmp_path / "mix.wav"
    machine, dom0, backend = machine_with_backend({"play_to": str(wav)})
    hostile, guest = RawGuest(machine, dom0, 2), RawGuest(machine, dom0, 1)
    sent = noise(BUFFER_FRAMES)
    for each in (hostile, guest):
        each.connect()
        assert each.open() == 0
    assert guest.call(guest.write(sent.tobytes())) == 0
    assert guest.trigger(Trigger.START) == 0

    def storm(now_ns: int) -> None:
        for _ in range(hostile.ring.free):
            hostile.ring.push(pack_request(CloseRequest(1)))
        hostile.ring.publish()
        hostile.doorbell.notify()
        timer.arm(now_ns + 20_000)

    timer = hostile.host.loop.timer(storm)
    timer.arm(machine.timeline.now_ns)
    guest.settle(45 * MS)
    timer.disarm()
    assert len(hostile.responses) > CREDIT_NS // TURN_NS // 2, "it is a storm"
    assert guest.positions == [480 * k + 1 for k in range(1, 5)]
    backend.close()
    heard, _ = soundfile.read(wav, dtype="int16", always_2d=True)
    assert np.array_equal(heard[:BUFFER_FRAMES], sent)
