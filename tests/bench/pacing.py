"""What each pacing costs and gives: the scenario `pacing` on the virtual card, and two guests on an emulated Intel HDA.

    python -m tests.bench.pacing

All pacings run in rounds, so that what else the machine does meets them alike; the card's part takes seven minutes.
The HDA card is in a virtual machine whose clock counts instructions: its figures do not hang on this machine's load,
but its processor is a slow one (QEMU without hardware help), so they compare pacings with each other and no more.
"""

import json
import shlex
import sys
import tempfile
from contextlib import redirect_stdout
from pathlib import Path

import msgspec

from backend.latency.comparison.result import Comparison
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
    """By card, then by pacing and load: looks and CPU a second, lateness and delay of all guests in ms, underruns."""
    with tempfile.TemporaryDirectory(prefix="vsnd-bench-") as folder, redirect_stdout(sys.stderr):
        out = Path(folder)
        run_file(SCENARIOS / "pacing.toml", "processes", out / "card", None)
        (out / "far.toml").write_text(FAR_AHEAD)
        run_file(out / "far.toml", "processes", out / "far", None)
        return {"card": _figures(out / "card"), "two_seconds_ahead": _figures(out / "far"), "hda": _hda(out)}


def _hda(folder: Path) -> dict[str, dict[str, float | None]] | str:
    (folder / "hda.toml").write_text(ON_HDA)
    command = f"{sys.executable} -m compose.cli run /run/vsnd/hda.toml --out /tmp/hda && cp -r /tmp/hda /run/vsnd"
    try:
        machine = VirtualMachine(fetch_kernel(cache_folder()), ("snd-hda-intel",), HDA, 2048, steady_time=True)
        done = machine.run(("sh", "-c", command), folder, 900)
    except VmError as error:
        return f"not measured: {error}"
    assert done.status == 0, f"{shlex.quote(command)}: {done.output}"
    return _figures(folder / "hda")


def _figures(folder: Path) -> dict[str, dict[str, float | None]]:
    """By condition.  A quantile that the runs do not carry is None."""
    comparison = msgspec.json.decode((folder / "comparison.json").read_bytes(), type=Comparison)
    pooled = {(arm.condition, arm.metric): arm for arm in comparison.arms if arm.domid is None}
    figures: dict[str, dict[str, float | None]] = {}
    for condition in comparison.conditions:
        late = pooled.get((condition.name, "period_lateness"))
        delay = pooled.get((condition.name, "playback_delay"))
        figures[condition.name] = {
            "looks_per_s": condition.looks_per_s,
            "cpu_ms_per_s": condition.cpu_ms_per_s,
            "late_p50_ms": _ms(late.p50_ns) if late else None,
            "late_p99_ms": _ms(late.p99_ns) if late else None,
            "late_max_ms": _ms(late.max_ns) if late else None,
            "delay_p50_ms": _ms(delay.p50_ns) if delay else None,
            "underruns": condition.underruns,
        }
    return figures


def _ms(ns: int | None) -> float | None:
    return None if ns is None else ns / 1e6


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
