"""A local application's entry among the guests, from what it, the backend and its end said."""

import msgspec

from backend.latency.facts import Usage
from backend.local.account import Account
from backend.report import BackendReport, StreamCounters
from compose.clients.facts import ClientReport, client_facts
from compose.clients.spec import ClientSpec
from tests.backend.latency.synthetic import FACTS

DOMID = 32769
SPEC = ClientSpec("both", "headset", plays="melody.flac", records="take.wav", ring_periods=4, channels=1)
USAGE = Usage(
    seconds=1.0, cpu_s=0.1, wakeups=100, switches_voluntary=1, switches_involuntary=1, run_queue_delay_ns=None,
    rss_octets=1,
)  # fmt: skip
REPORT = ClientReport(domid=DOMID, rate_hz=44100, period_frames=441, usage=USAGE)
ACCOUNT = Account(
    domid=DOMID, name="both", control="rings", missed_blocks=5, unposted_blocks=3, asleep_blocks=1, lost_blocks=2
)
BACKEND = BackendReport(
    FACTS.machine,
    [],
    FACTS.backend,
    [
        StreamCounters(DOMID, 0, late_frames=2205, frames=44100, underruns=4),
        StreamCounters(DOMID, 1, late_frames=882, frames=43659, untraced=7, underruns=2),
    ],
    [msgspec.structs.replace(ACCOUNT, domid=DOMID - 1, missed_blocks=99), ACCOUNT],
)


def test_it_is_as_a_guest_is_and_its_kind_is_said() -> None:
    facts = client_facts(SPEC, REPORT, BACKEND, None)
    assert (facts.domid, facts.name, facts.kind, facts.usage) == (DOMID, "both", "local", USAGE)
    assert facts.title == "both (local)"
    played, taken = facts.streams
    assert (played.stream, played.direction, played.recording, played.device) == (
        0, "playback", "melody.flac", "headset",
    )  # fmt: skip
    assert (taken.stream, taken.direction, taken.recording, taken.device) == (
        1, "capture", "take.wav", "headset (capture)",
    )  # fmt: skip
    assert (played.format, played.rate_hz, played.channels) == ("float_le", 44100, 1)
    assert (played.period_frames, played.buffer_frames) == (441, 4 * 441)
    assert (played.underruns, played.starved_frames, played.frames_played) == (4, 2205, 44100)
    assert (taken.underruns, taken.starved_frames, taken.untraced_records) == (2, 882, 7)


def test_one_whose_calls_block_is_called_so() -> None:
    spec = msgspec.structs.replace(SPEC, style="blocking", records=None)
    late = msgspec.structs.replace(REPORT, calls_late=2, calls_late_max_ns=900)
    facts = client_facts(spec, late, BACKEND, None)
    assert facts.title == "both (local, blocking)"
    assert [stream.direction for stream in facts.streams] == ["playback"]
    assert facts.client is not None
    assert (facts.client.calls_late, facts.client.calls_late_max_ns) == (2, 900)


def test_what_the_backend_counted_of_it_is_there() -> None:
    client = client_facts(SPEC, REPORT, BACKEND, None).client
    assert client is not None
    assert (client.missed_blocks, client.unposted_blocks, client.asleep_blocks, client.lost_blocks) == (5, 3, 1, 2)
    assert (client.control, client.ring_periods, client.ended) == ("rings", 4, None)


def test_of_a_backend_that_was_killed_nothing_is_known() -> None:
    nothing = msgspec.structs.replace(BACKEND, streams=[], applications=[])
    facts = client_facts(SPEC, msgspec.structs.replace(REPORT, ended="the backend is gone"), nothing, None)
    assert facts.client is not None
    assert (facts.client.control, facts.client.missed_blocks, facts.client.ended) == (None, None, "the backend is gone")
    assert facts.streams[0].frames_played == 0


def test_why_it_went_is_said_by_its_end_then_by_the_backend_then_by_itself() -> None:
    out = msgspec.structs.replace(BACKEND, applications=[msgspec.structs.replace(ACCOUNT, turned_out="not there")])
    said = msgspec.structs.replace(REPORT, ended="by itself")
    ends = [
        facts.client.ended
        for facts in (
            client_facts(SPEC, said, out, "killed by SIGKILL"),
            client_facts(SPEC, said, out, None),
            client_facts(SPEC, said, BACKEND, None),
        )
        if facts.client
    ]
    assert ends == ["killed by SIGKILL", "turned out: not there", "by itself"]
