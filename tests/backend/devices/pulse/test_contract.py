"""A sink and a source of a real server keep the contract of a device."""

import pytest

from backend.devices.api import AudioDevice
from backend.devices.checks import CAPTURE, PLAYBACK, Rule, bench_for
from backend.devices.pulse.opening import open_pulse
from backend.devices.pulse.options import PulseOptions
from hosts.loop import RealLoop
from ringproto.card import Direction
from tests.backend.devices.pulse.servers import Server


@pytest.mark.parametrize("rule", PLAYBACK, ids=lambda rule: rule.__name__)
def test_a_sink_keeps_the_rule(server: Server, loop: RealLoop, rule: Rule) -> None:
    def device() -> AudioDevice:
        return open_pulse(PulseOptions(server=server.url, device="speaker"), Direction.PLAYBACK, loop, "guest")

    with bench_for(device, loop) as bench:
        rule(bench)


@pytest.mark.parametrize("rule", CAPTURE, ids=lambda rule: rule.__name__)
def test_a_source_keeps_the_rule(server: Server, loop: RealLoop, rule: Rule) -> None:
    def device() -> AudioDevice:
        return open_pulse(PulseOptions(server=server.url, device="speaker.monitor"), Direction.CAPTURE, loop, "guest")

    with bench_for(device, loop) as bench:
        rule(bench)
