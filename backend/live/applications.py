"""What local applications show of themselves in a snapshot: a row for each of their streams, like a guest's."""

from contextlib import suppress

from backend.devices.api import DeviceError
from backend.live.snapshot import State, StreamFigures
from backend.local.application import Application
from backend.local.playing import PlayingLine
from backend.local.recording import RecordingLine
from backend.local.server import LocalServer
from ringproto.card import Direction
from ringproto.formats import Format

CARD = 0
NS_PER_S = 1_000_000_000


def application_rows(server: LocalServer, now_ns: int) -> list[StreamFigures]:
    """One for each stream of each application that is registered."""
    return [
        _row(application, stream, line, now_ns)
        for application in server.applications
        for stream, line in application.lines.items()
    ]


def _row(application: Application, stream: int, line: PlayingLine | RecordingLine, now_ns: int) -> StreamFigures:
    direction = Direction.PLAYBACK if isinstance(line, PlayingLine) else Direction.CAPTURE
    shape, counted = application.shape, application.counters(stream)
    delay_ns = None
    with suppress(DeviceError):
        delay_ns = line.delay_ns(now_ns)
    return StreamFigures(
        application.domid, CARD, stream, application.name, State.RUNNING if line.running else State.PREPARED,
        direction=direction,
        device=application.jacks[direction].place.label,
        pacing=line.pacing,
        format=Format.FLOAT_LE,
        channels=line.voice.channels,
        rate_hz=shape.rate_hz,
        period_frames=shape.period_frames,
        buffer_frames=shape.ring_periods * shape.period_frames,
        fill_ns=line.fill_frames * NS_PER_S // shape.rate_hz,
        delay_ns=delay_ns,
        frames=counted.frames,
        late_frames=counted.late_frames,
        underruns=counted.underruns,
        requests=counted.requests,
        events=counted.events,
        lateness=counted.lateness,
    )  # fmt: skip
