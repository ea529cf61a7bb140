"""From a search, and the last verification's result, to what is said and written of them."""

from collections.abc import Mapping

from backend.latency.result import Result, Stream
from backend.latency.statistics.estimate import LEVEL
from backend.latency.statistics.rates import Count, rate
from compose.tune.bench import ports_of, streams_of
from compose.tune.ledger import Key, Seen, Trial
from compose.tune.result import (
    SCHEMA_VERSION,
    Counted,
    Smaller,
    State,
    TrialLine,
    Tuned,
    TunedDevice,
    TunedStream,
)
from compose.tune.search import Search
from compose.tune.sizes import Plan

MS_PER_S = 1000


def answer(plan: Plan, search: Search, result: Result | None, *, world: str, version: str) -> Tuned:
    """What is known so far; `result` is the last verification's."""
    measured = streams_of(result) if result is not None else {}
    return Tuned(
        schema_version=SCHEMA_VERSION,
        scenario=plan.scenario.name,
        world=world,
        pacing=plan.pacing,
        seed=plan.scenario.seed,
        vsnd_version=version,
        machine=result.machine if result is not None else None,
        target_hz=search.terms.target_hz,
        level=LEVEL,
        finished=search.over,
        devices=[_device(plan, search, name, result) for name in plan.ladders],
        streams=[_stream(plan, search, key, measured) for key in plan.specs],
        backend_cpu_share=_cpu_share(result, world),
        trials=[_trial(plan, trial, seen) for trial, seen in search.ledger.entries],
    )


def counted(count: Count) -> Counted:
    """A count with its interval."""
    interval = rate(count)
    return Counted(
        underruns=round(count.events), seconds=count.seconds, low_hz=interval.low_hz, high_hz=interval.high_hz
    )


def _device(plan: Plan, search: Search, name: str, result: Result | None) -> TunedDevice:
    ladder = plan.ladders[name]
    period = ladder.device_frames(search.best.periods[name])
    ports = ports_of(name, result.devices) if result is not None else []
    return TunedDevice(
        name=name,
        period_frames=period,
        buffer_frames=plan.device(name, search.best)["buffer_frames"] if ladder.changes else None,
        period_ms=period * MS_PER_S / ladder.rate_hz,
        scenario_period_frames=ladder.period_frames,
        granted_period_frames=max((port.period_frames for port in ports), default=None),
        changes=ladder.changes,
        looks_hz=sum(port.looks for port in ports) / result.run.duration_s if result is not None and ports else None,
    )


def _stream(plan: Plan, search: Search, key: Key, measured: Mapping[Key, Stream]) -> TunedStream:
    spec, size, verified = plan.specs[key], plan.size(key, search.best), search.verified(key)
    stream = measured.get(key)
    return TunedStream(
        domid=key[0],
        guest=next(guest.title for guest in plan.scenario.guests if guest.id == key[0]),
        stream=key[1],
        direction="playback" if spec.is_playback else "capture",
        device=spec.device,
        rate_hz=spec.rate_hz,
        period_frames=size.period_frames,
        buffer_frames=size.buffer_frames,
        period_ms=size.period_frames * MS_PER_S / spec.rate_hz,
        buffer_ms=size.buffer_frames * MS_PER_S / spec.rate_hz,
        scenario_period_frames=spec.period_frames,
        scenario_buffer_frames=spec.buffer_frames,
        smallest_possible=search.best.buffers[key] == 0,
        state=_state(search, key),
        verified=None if verified is None else counted(verified),
        smaller=_smaller(plan, search, key),
        playback_delay_ns=stream.playback_delay_ns if stream is not None else None,
        capture_delay_ns=stream.capture_delay_ns if stream is not None else None,
    )


def _state(search: Search, key: Key) -> State:
    if not search.held(key):
        return "nothing holds"
    if search.verified(key) is None:
        return "not verified"
    return "shown" if search.shown(key) else "not shown"


def _smaller(plan: Plan, search: Search, key: Key) -> Smaller | None:
    smaller = search.smaller(key)
    if smaller is None:
        return None
    rung, count = smaller
    setting = search.best.with_buffer(key, rung)
    return Smaller(buffer_frames=plan.size(key, setting).buffer_frames, counted=counted(count))


def _cpu_share(result: Result | None, world: str) -> float | None:
    if result is None or world == "sim":
        return None
    usage = result.backend.usage
    return usage.cpu_s / usage.seconds if usage is not None else result.backend.cpu_s / result.run.duration_s


def _trial(plan: Plan, trial: Trial, seen: Seen) -> TrialLine:
    periods = trial.setting.periods
    return TrialLine(
        purpose=trial.purpose,
        seconds=trial.seconds,
        period_frames={name: ladder.device_frames(periods[name]) for name, ladder in plan.ladders.items()},
        device_underruns=dict(seen.devices),
        buffer_frames={_name(key): plan.size(key, trial.setting).buffer_frames for key in plan.specs},
        underruns={_name(key): events for key, events in seen.streams.items()},
        unfinished=[_name(key) for key in sorted(seen.unfinished)],
    )


def _name(key: Key) -> str:
    return f"{key[0]}/{key[1]}"
