"""From a scenario to what each side is told: the backend's configuration, the guests' cards."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import Any

import msgspec

from backend.config import BackendConfig, Plug
from backend.devices.api import AudioDevice
from backend.patchbay import OpenDevice, Wanted, open_wanted
from compose.facts import Block
from compose.scenario import GuestSpec, StreamSpec, find_recording
from compose.sound import fit_sound
from compose.toolstack import Attachment
from frontend.params import PcmParams
from hosts.api import Loop
from ringproto.card import CardConfig, Direction, Limits, PcmConfig, StreamConfig
from ringproto.trace import RATION

TRACES = "trace"
"""Folder of a run's trace files, as `backend.latency` looks for it."""

WRITES = {"play_to", "path", "loop_back"}
"""Driver options that name a file to be written: relative to the output folder."""

READS = {"record_from"}
"""Driver options that name a sound file: beside the scenario, or one of vsnd's own recordings."""

SLACK_S = 5
"""How much longer than its sound a run may take, as far as traces are concerned."""

TITLE_MAX = 80
"""Characters of a card's long-name."""


def backend_config(block: Block) -> BackendConfig:
    """What the backend of this run serves: each device under its own name as `unique-id`, as far as that is enough."""
    specs = [spec for guest in block.scenario.guests for spec in guest.streams]
    return BackendConfig(
        devices={name: _place_files(block, name, options) for name, options in block.scenario.devices.items()},
        streams={unique_id(spec): Plug(spec.device, spec.latency_ms, spec.clock) for spec in specs},
        pacing=block.pacing,
        realtime=block.scenario.realtime,
    )


def unique_id(spec: StreamSpec) -> str:
    """The device's name, and what else the operator says of it: a backend knows no more of a stream than its id."""
    latency = "" if spec.latency_ms is None else f" in {spec.latency_ms:g} ms"
    return spec.device + latency + (" by the system's clock" if spec.clock == "system" else "")


def trace_records(guests: Iterable[GuestSpec], duration_s: float) -> int:
    """Room that a trace of these guests needs: far more than the dozen records that each of their periods makes."""
    periods = sum(duration_s * stream.rate_hz / stream.period_frames for guest in guests for stream in guest.streams)
    return 4096 + 32 * ceil(periods)


def backend_records(block: Block) -> int:
    """Room that the backend's trace needs: for all guests, and for one that causes as many as it may all the time.

    So may each local application, since its periods are the device's, whatever that has.
    """
    duration_s, clients = block.scenario.duration_s, len(block.scenario.clients)
    return trace_records(block.scenario.guests, duration_s) + (1 + clients) * ceil(RATION * (duration_s + SLACK_S))


def open_traced(out: Path, config: BackendConfig, number: int = 0) -> OpenDevice:
    """Opens devices by name, and has those that can leave a trace of their own in the output folder.

    `number` is that of the backend, which leaves the traces of those before it as they are.
    """

    def open_one(wanted: Wanted, loop: Loop) -> AudioDevice:
        if wanted.kind == "clocked":
            name, direction = wanted.place.name, wanted.place.direction
            trace = generation(out / TRACES / f"{name}-{direction.name.lower()}.vtrace", number)
            traced = {"trace_to": str(trace), "trace_card": config.device_number(name, direction)}
            wanted = replace(wanted, options={**wanted.options, **traced})
        return open_wanted(wanted, loop)

    return open_one


def generation(path: Path, number: int) -> Path:
    """Where whoever was started that many times before puts this file; the first one's has the name itself."""
    return path if number == 0 else path.with_name(f"{path.stem}.{number}{path.suffix}")


def later(config: BackendConfig, number: int) -> BackendConfig:
    """The same for the backend of that number, which leaves the files of those before it as they are."""
    devices = {
        name: {key: str(generation(Path(value), number)) if key in WRITES else value for key, value in options.items()}
        for name, options in config.devices.items()
    }
    return msgspec.structs.replace(config, devices=devices)


def later_guest(guest: GuestSpec, number: int) -> GuestSpec:
    """The same guest, restarted so many times: it leaves what it recorded before as it is."""

    def anew(spec: StreamSpec) -> StreamSpec:
        if spec.records is None:
            return spec
        return msgspec.structs.replace(spec, records=str(generation(Path(spec.records), number)))

    return msgspec.structs.replace(guest, streams=[anew(spec) for spec in guest.streams])


def attachment(guest: GuestSpec) -> Attachment:
    """The guest's card: one PCM device with all its streams, each able to do just what the scenario says of it."""
    streams = tuple(
        StreamConfig(
            index=index,
            direction=Direction.PLAYBACK if spec.is_playback else Direction.CAPTURE,
            unique_id=unique_id(spec),
            limits=limits([spec.pcm_params()]),
        )
        for index, spec in enumerate(guest.streams)
    )
    title = guest.title[:TITLE_MAX]
    return Attachment(
        guest.id,
        CardConfig("vsnd", title, (PcmConfig(0, title, streams),), limits([s.pcm_params() for s in guest.streams])),
        name=title,
    )


def limits(streams: Sequence[PcmParams]) -> Limits:
    """The narrowest limits that let all of these be opened."""
    return Limits(
        channels_min=min(params.channels for params in streams),
        channels_max=max(params.channels for params in streams),
        rates_hz=tuple(sorted({params.rate_hz for params in streams})),
        formats=tuple(dict.fromkeys(params.format for params in streams)),
        buffer_octets=max(params.buffer_octets for params in streams),
    )


def _place_files(block: Block, name: str, options: Mapping[str, Any]) -> dict[str, Any]:
    """The driver's options, with the files it writes in the output folder, and those it reads made fit for it there."""
    placed = dict(options)
    for key in WRITES & options.keys():
        placed[key] = str(block.out / str(options[key]))
    for key in READS & options.keys():
        fit = block.out / f"{name}-input.wav"
        source = find_recording(str(options[key]), block.beside)
        fit_sound(source, fit, int(options.get("rate_hz", 48000)), int(options.get("channels", 2)))
        placed[key] = str(fit)
    return placed
