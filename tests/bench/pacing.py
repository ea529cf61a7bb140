"""What each pacing costs and gives: the scenario `pacing` on the virtual card, and two guests on an emulated Intel HDA.

    python -m tests.bench.pacing

All pacings run one after another in an order drawn from the seed, so that what else the machine does meets them alike.
The HDA card is in a virtual machine whose clock counts instructions: its figures do not hang on this machine's load,
but its processor is a slow one (QEMU without hardware help), so they compare pacings with each other and no more.
"""

import json
import shlex
import sys
import tempfile
from collections import defaultdict
from contextlib import redirect_stdout
from pathlib import Path
from statistics import median

from backend.latency.result import Result, read_result
from compose.run import run_file
from compose.scenario import SCENARIOS
from compose.vm.api import VmError
from compose.vm.kernel import cache_folder, fetch_kernel
from compose.vm.machine import HDA, VirtualMachine

ON_HDA = """
name = "irq, timer and adaptive on an Intel HDA card"
duration_s = 12
pacing = ["irq", "timer", "timer-naive", "adaptive"]
[devices.speaker]
kind = "alsa"
pcm = "hw:Intel"
period_frames = 512
buffer_frames = 15360
[[guests]]
id = 1
[[guests.streams]]
device = "speaker"
plays = "melody.flac"
period_frames = 2048
buffer_frames = 8192
[[guests]]
id = 2
[[guests.streams]]
device = "speaker"
plays = "announcement.flac"
period_frames = 512
buffer_frames = 4096
"""

FAR_AHEAD = """
name = "two seconds ahead"
duration_s = 20
pacing = ["adaptive", "irq"]
[devices.speaker]
kind = "clocked"
period_frames = 512
buffer_frames = 96000
[[guests]]
id = 1
[[guests.streams]]
device = "speaker"
plays = "melody.flac"
period_frames = 48000
buffer_frames = 96000
"""


def measure() -> dict[str, object]:
    """By card, then by pacing: looks and CPU per second, lateness and delay in ms, underruns of guests and card."""
    with tempfile.TemporaryDirectory(prefix="vsnd-bench-") as folder, redirect_stdout(sys.stderr):
        out = Path(folder)
        run_file(SCENARIOS / "pacing.toml", "processes", out / "card", None)
        (out / "far.toml").write_text(FAR_AHEAD)
        run_file(out / "far.toml", "processes", out / "far", None)
        return {"card": _figures(out / "card"), "two_seconds_ahead": _figures(out / "far"), "hda": _hda(out)}


def _hda(folder: Path) -> dict[str, dict[str, float]] | str:
    (folder / "hda.toml").write_text(ON_HDA)
    command = f"{sys.executable} -m compose.cli run /run/vsnd/hda.toml --out /tmp/hda && cp -r /tmp/hda /run/vsnd"
    try:
        machine = VirtualMachine(fetch_kernel(cache_folder()), ("snd-hda-intel",), HDA, 2048, steady_time=True)
        done = machine.run(("sh", "-c", command), folder, 900)
    except VmError as error:
        return f"not measured: {error}"
    assert done.status == 0, f"{shlex.quote(command)}: {done.output}"
    return _figures(folder / "hda")


def _figures(folder: Path) -> dict[str, dict[str, float]]:
    results: defaultdict[str, list[Result]] = defaultdict(list)
    for path in sorted(folder.glob("*/result.json")):
        result = read_result(path)
        results[path.parent.name.partition("-")[2]].append(result)
    return {pacing: _of_one(runs) for pacing, runs in sorted(results.items())}


def _of_one(runs: list[Result]) -> dict[str, float]:
    streams = [stream for run in runs for guest in run.guests for stream in guest.streams]
    lateness = [stream.period_lateness_ns for stream in streams if stream.period_lateness_ns]
    delays = [stream.playback_delay_ns for stream in streams if stream.playback_delay_ns]
    seconds = sum(run.run.duration_s for run in runs)
    return {
        "looks_per_s": sum(device.looks for run in runs for device in run.devices) / seconds,
        "cpu_ms_per_s": 1000 * sum(run.backend.cpu_s for run in runs) / seconds,
        "late_p50_ms": median(summary.p50 for summary in lateness if summary.p50 is not None) / 1e6,
        "late_p99_ms": max((summary.p99 for summary in lateness if summary.p99 is not None), default=0) / 1e6,
        "late_max_ms": max(summary.max for summary in lateness if summary.max is not None) / 1e6,
        "delay_p50_ms": median(summary.p50 for summary in delays if summary.p50 is not None) / 1e6,
        "guest_underruns": sum(stream.underruns for stream in streams),
        "card_underruns": sum(device.underruns for run in runs for device in run.devices),
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
