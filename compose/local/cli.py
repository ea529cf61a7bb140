"""The `vsnd-local` command: applications beside the guests, on the devices of a running backend.

Whatever ends it, a refusal or the backend's end, is one line on stderr and exit status 2.
"""

import sys
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from backend.config import ConfigError
from compose.local.loop import loop_through
from compose.local.meter import Meter
from compose.local.player import Player
from compose.local.tone import Tone
from frontend.local import LocalClient, LocalParams, Process, connect, describe
from hosts.api import HostError
from hosts.tracefile import TraceFile
from ringproto.errors import ProtocolError

app = typer.Typer(
    help="Local applications beside the guests: what `[local]` of a backend's file lets in.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

DEFAULT_SOCKET = Path("/tmp/vsnd/local")  # noqa: S108  # the backend looks who comes
GLANCE_S = 0.1

Seconds = Annotated[float, typer.Option(help="How long.", min=0.001)]
Device = Annotated[str | None, typer.Option(help="The operator's name of it; the first unless given.")]


class Asked(NamedTuple):
    """What all commands are told."""

    socket: Path
    device: str | None
    ring_periods: int
    trace: Path | None


@app.callback()
def common(
    context: typer.Context,
    socket: Annotated[Path, typer.Option(help="Where the backend listens.")] = DEFAULT_SOCKET,
    device: Device = None,
    ring_periods: Annotated[int, typer.Option(help="How many periods to be ahead.", min=1, max=64)] = 3,
    trace: Annotated[Path | None, typer.Option(help="Leave a trace there.", dir_okay=False)] = None,
) -> None:
    """Say what holds for every command."""
    context.obj = Asked(socket, device, ring_periods, trace)


@app.command()
def tone(
    context: typer.Context,
    hz: Annotated[float, typer.Option(help="Its pitch.", min=1)] = 440.0,
    level: Annotated[float, typer.Option(help="Its amplitude.", min=0, max=1)] = 0.1,
    seconds: Seconds = 5.0,
) -> None:
    """Play a tone."""
    with _registered(context.obj, "tone", plays=True) as client:
        _run(client, Tone(client, hz, level).process, seconds)


@app.command()
def play(context: typer.Context, file: Annotated[Path, typer.Argument(help="A sound file.", dir_okay=False)]) -> None:
    """Play a sound file once."""
    with _registered(context.obj, f"play {file.name}"[:64], plays=True) as client:
        player = Player(client, file)
        _run(client, player.process, float("inf"), lambda: player.is_over)


@app.command()
def meter(context: typer.Context, seconds: Seconds = 10.0) -> None:
    """Show how loud the input is."""
    with _registered(context.obj, "meter", records=True) as client:
        levels = Meter(client.shape.capture_channels)

        def show() -> bool:
            print(levels.line(), flush=True)  # noqa: T201
            return False

        _run(client, levels.process, seconds, show)


@app.command()
def loop(context: typer.Context, seconds: Seconds = 10.0) -> None:
    """Play what is recorded."""
    with _registered(context.obj, "loop", plays=True, records=True) as client:
        _run(client, loop_through, seconds)


@contextmanager
def _registered(asked: Asked, name: str, *, plays: bool = False, records: bool = False) -> Generator[LocalClient]:
    """Registered with as many channels as the device has; those that play and record, with as many both ways."""
    device = describe(asked.socket, asked.device)
    outputs, inputs = device.playback_channels, device.capture_channels
    if plays and records:
        inputs = outputs
    params = LocalParams(
        name, asked.device, outputs if plays else 0, inputs if records else 0, ring_periods=asked.ring_periods
    )
    with ExitStack() as open_:
        tracer = open_.enter_context(TraceFile(asked.trace)).writer if asked.trace is not None else None
        yield open_.enter_context(connect(asked.socket, params, tracer))


def _run(client: LocalClient, process: Process, seconds: float, glance: Callable[[], bool] = lambda: False) -> None:
    """Until so many seconds were played (or recorded), or a glance says that it is over."""
    client.start(process)
    wanted = seconds * client.shape.rate_hz
    while client.passed_frames < wanted and not glance():
        client.wait(GLANCE_S)
    counted = client.statistics()
    print(f"{counted.missed_blocks} blocks missed, {counted.lost_blocks} lost")  # noqa: T201


def main() -> None:
    """Run the command; turn refusals into one line."""
    try:
        app()
    except (ConfigError, ProtocolError, HostError) as refusal:
        typer.echo(f"vsnd-local: {' '.join(str(refusal).split())}", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
