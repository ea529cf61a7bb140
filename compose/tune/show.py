"""What people read of a tuning: each trial in a line, the answer as a table, and the lines to paste."""

from collections.abc import Iterator

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from backend.latency.result import Summary
from backend.latency.table import NOT_SAID, milliseconds
from compose.tune.ledger import Key, Seen, Trial
from compose.tune.result import Counted, Tuned, TunedDevice, TunedStream
from compose.tune.sizes import Plan
from compose.tune.terms import Terms, say_rate, say_time

HEADINGS = ("period", "buffer", "in the\nscenario", "under-\nruns", "\nin", "at most\nan hour", "delay\np50", "\np99")
AN_HOUR_S = 3600
STYLES = {"shown": "green", "not shown": "bold red", "not verified": "yellow", "nothing holds": "bold red"}


def beforehand(plan: Plan, terms: Terms) -> str:
    """What is going to happen, and for how long."""
    trials = 1 + max(len(rungs).bit_length() + rungs[0].bit_length() for rungs in plan.devices.values())
    least_s = trials * terms.seconds + terms.verify_seconds
    return (
        f"{plan.scenario.name}, {plan.pacing}: looking for the smallest sizes with fewer than "
        f"{say_rate(terms.target_hz, 'underruns')}, shown at 95 %.\n"
        f"About {trials} trials of {terms.seconds:g} s, and verification of {say_time(terms.verify_seconds)}, "
        f"again for what fails it: {say_time(least_s)} or more."
    )


def doing(plan: Plan, trial: Trial) -> str:
    """What is being tried."""
    periods = ", ".join(f"{name} {_period_ms(plan, name, trial):g} ms" for name in plan.ladders)
    buffers = [round(_buffer_ms(plan, key, trial)) for key in plan.specs]
    span = " to ".join(str(ms) for ms in sorted({min(buffers), max(buffers)}))
    return f"{trial.purpose:12} {periods}, buffers {span} ms"


def done(plan: Plan, trial: Trial, seen: Seen) -> str:
    """What came of it."""
    failed = [f"{name} does not grant it" for name in sorted(seen.refused)]
    failed += [f"{name} ran dry {times}\N{MULTIPLICATION SIGN}" for name, times in seen.devices.items() if times]
    failed += [
        f"{plan.title(key)} {times}\N{MULTIPLICATION SIGN} ({_buffer_ms(plan, key, trial):.1f} ms)"
        for key, times in seen.streams.items()
        if times
    ]
    failed += [f"{plan.title(key)} hardly gets on" for key in sorted(seen.unfinished)]
    return f"{doing(plan, trial)}: {', '.join(failed) if failed else 'no underrun'}"


def table(tuned: Tuned) -> Table:
    """One row per stream."""
    title = f"Smallest sizes found in the world {tuned.world}, in ms"
    shown = Table(title=title, box=SIMPLE_HEAD, padding=0, pad_edge=False, show_edge=False, header_style="dim")
    shown.add_column("guest", overflow="fold", vertical="bottom")
    for heading in HEADINGS:
        shown.add_column(heading, justify="right", no_wrap=True)
    for stream in tuned.streams:
        shown.add_row(*_row(stream))
    return shown


def _row(stream: TunedStream) -> list[Text]:
    counted, delay = stream.verified, stream.playback_delay_ns or stream.capture_delay_ns
    found = stream.state != "nothing holds"
    return [
        Text(stream.title),
        Text(f"{stream.period_ms:.2f}" if found else NOT_SAID),
        Text(f"{stream.buffer_ms:.1f}" if found else NOT_SAID),
        Text(f"{stream.scenario_buffer_frames * 1000 / stream.rate_hz:.1f}"),
        Text(str(counted.underruns) if counted else NOT_SAID, style=STYLES[stream.state]),
        Text(f"{counted.seconds:g} s" if counted else NOT_SAID),
        Text(f"{counted.high_hz * AN_HOUR_S:.0f}" if counted else NOT_SAID),
        Text(_quantile(delay, "p50")),
        Text(_quantile(delay, "p99")),
    ]


def _quantile(delay: Summary | None, name: str) -> str:
    return milliseconds(None if delay is None else getattr(delay, name))


def sentences(tuned: Tuned) -> Iterator[str]:
    """How sure it is, in words, and what it costs."""
    for stream in tuned.streams:
        yield f"{stream.title}: {_sureness(stream, tuned)}"
    looks = [f"{device.name} {device.looks_hz:.0f} looks a second" for device in tuned.devices if device.looks_hz]
    if tuned.backend_cpu_share is not None:
        looks.append(f"{tuned.backend_cpu_share:.0%} of a processor for the backend")
    if looks:
        yield f"Cost: {', '.join(looks)}."


def _sureness(stream: TunedStream, tuned: Tuned) -> str:
    target, counted = say_rate(tuned.target_hz), stream.verified
    if stream.state == "nothing holds":
        return f"nothing holds, not even a buffer of {stream.buffer_ms:.0f} ms."
    if counted is None:
        return "held in a trial, but is not verified."
    many = {0: "no underrun", 1: "1 underrun"}.get(counted.underruns, f"{counted.underruns} underruns")
    verdict = "below the target" if stream.state == "shown" else f"not shown to be below {target}"
    said = f"{many} in {counted.seconds:g} s, so fewer than {say_rate(counted.high_hz)} (95 %): {verdict}."
    if stream.smaller is not None:
        smaller_ms = stream.smaller.buffer_frames * 1000 / stream.rate_hz
        said += f" Next smaller, {smaller_ms:.1f} ms: {_times(stream.smaller.counted)}."
    elif stream.smallest_possible:
        said += " With this period no smaller buffer is possible."
    return said


def _times(counted: Counted) -> str:
    return f"{counted.underruns} in {counted.seconds:g} s"


def lines(tuned: Tuned) -> str:
    """The lines for the scenario: TOML, each with what stood there."""
    found = [stream for stream in tuned.streams if stream.state != "nothing holds"]
    served = {stream.device for stream in found}
    parts = [_device_lines(device) for device in tuned.devices if device.changes and device.name in served]
    known: set[int] = set()
    for stream in found:
        if stream.domid not in known:
            known.add(stream.domid)
            parts.append(f"[[guests]]\nid = {stream.domid}{' ' * 12}# {_one_line(stream.guest)}")
        parts.append(_stream_lines(stream))
    return "\n\n".join(parts)


def _device_lines(device: TunedDevice) -> str:
    was = f"# was {device.scenario_period_frames}"
    name = device.name if device.name.replace("-", "").replace("_", "").isalnum() else f'"{device.name}"'
    return f"[devices.{name}]\nperiod_frames = {device.period_frames}  {was}\nbuffer_frames = {device.buffer_frames}"


def _stream_lines(stream: TunedStream) -> str:
    return (
        f"[[guests.streams]]\n"
        f"period_frames = {stream.period_frames}  # {stream.period_ms:.2f} ms, was {stream.scenario_period_frames}\n"
        f"buffer_frames = {stream.buffer_frames}  # {stream.buffer_ms:.1f} ms, was {stream.scenario_buffer_frames}; "
        f"{stream.state}"
    )


def _one_line(text: str) -> str:
    return "".join(letter for letter in " ".join(text.split()) if letter.isprintable())


def _period_ms(plan: Plan, name: str, trial: Trial) -> float:
    return round(plan.ladders[name].rungs_ns[trial.setting.periods[name]] / 1e6, 2)


def _buffer_ms(plan: Plan, key: Key, trial: Trial) -> float:
    return plan.size(key, trial.setting).buffer_frames * 1000 / plan.specs[key].rate_hz
