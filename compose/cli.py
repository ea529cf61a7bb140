"""The `vsnd` command.

Every refusal is one line on stderr that names the file or field and what would be right, and exit status 2.  A run that
failed though it was asked for rightly ends with status 1.  Ctrl-C ends everything that was started, leaves finished
files whole, and exits with 130 (typer sees to the status).

Heavy libraries are imported by the commands that need them, so that `vsnd --help` answers at once.
"""

import sys
from pathlib import Path
from typing import Annotated

import typer

from compose.lab.cli import lab

app = typer.Typer(
    help="Xen para-virtual sound: guests, backend, and how late everybody is.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)

DIR_HELP = "Folder of the emulated machine, as `vsnd host` said."
DEFAULT_DIR = Path("/tmp/vsnd")  # noqa: S108  # its modes keep others out; see hosts.emu

Out = Annotated[Path, typer.Option("--out", help="Folder for what comes out.", file_okay=False)]
MachineDir = Annotated[Path, typer.Option("--dir", help=DIR_HELP, file_okay=False)]
PeriodFrames = Annotated[int | None, typer.Option(help="How often it is told of progress (10 ms).", min=1)]
BufferFrames = Annotated[int | None, typer.Option(help="How far ahead it writes, or may be late (4 periods).", min=2)]

VolumeDb = Annotated[
    str, typer.Option("--volume-db", help="How loud: one number of decibels, or one for each channel (-6,-3.5).")
]
Junit = Annotated[Path | None, typer.Option("--junit", help="Write JUnit's XML there.", dir_okay=False)]
FailIf = Annotated[
    list[str] | None, typer.Option("--fail-if", help="Such as 'guest.media.playback_delay.p99 > 20ms'; repeatable.")
]
Domain = Annotated[int, typer.Option("--domain", help="Which guest to be.", min=1)]


@app.command()
def demo(out: Out = Path("out/demo")) -> None:
    """Three guests play three recordings on one virtual card, mixed and measured."""
    from compose.run import run_file
    from compose.scenario import SCENARIOS

    run_file(SCENARIOS / "demo.toml", "processes", out, None)


@app.command()
def run(
    scenario: Annotated[Path, typer.Argument(help="A scenario (TOML, see docs/scenario.md), or one of vsnd's own.")],
    world: Annotated[str, typer.Option(help="Where domains run: processes, docker or sim.")] = "processes",
    out: Out = Path("out/run"),
    seed: Annotated[int | None, typer.Option(help="Instead of the scenario's.", min=0)] = None,
    junit: Junit = None,
    fail_if: FailIf = None,
) -> None:
    """Run a scenario; write its sound, its result and its report."""
    from compose.report.gate import read_gate
    from compose.run import run_file

    run_file(scenario, world, out, seed, read_gate(fail_if or [], junit))


@app.command()
def report(
    folders: Annotated[
        list[Path] | None, typer.Argument(help="A run's folder, one with several runs, or several to compare.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where a comparison of several goes (out/comparison).", file_okay=False)
    ] = None,
    junit: Junit = None,
    fail_if: FailIf = None,
    schema: Annotated[str | None, typer.Option(help="Only print a JSON Schema: result or comparison.")] = None,
    hosts: Annotated[bool, typer.Option("--hosts", help="Each folder below is a host's (docs/fleet.md).")] = False,
) -> None:
    """Build reports again from stored runs, compare them, judge them for CI."""
    from compose.report.command import report as build_again
    from compose.report.command import say_schema
    from compose.report.gate import read_gate

    if schema is not None:
        say_schema(schema)
    else:
        build_again(folders or [], out, read_gate(fail_if or [], junit), hosts=hosts)


@app.command()
def tune(
    scenario: Annotated[Path, typer.Argument(help="A scenario (TOML, see docs/scenario.md), or one of vsnd's own.")],
    world: Annotated[str, typer.Option(help="Where domains run: processes or sim.")] = "processes",
    target: Annotated[str | None, typer.Option(help="Fewer underruns than: 60/h, 1/min, 0.01/s.")] = None,
    seconds: Annotated[float, typer.Option(help="Of one trial; verification takes six times as long.", min=1)] = 10,
    guest: Annotated[
        str | None, typer.Option(help="Only this one, by its name or id; devices stay as they are.")
    ] = None,
    out: Out = Path("out/tune"),
) -> None:
    """Find the smallest periods and buffers that hold on this machine; status 1 if that cannot be shown."""
    from compose.tune.command import tune_file
    from compose.tune.terms import agree

    if not tune_file(scenario, world, out, agree(target, seconds), guest):
        raise typer.Exit(1)


@app.command()
def host(
    directory: MachineDir = DEFAULT_DIR,
    guests: Annotated[int, typer.Option(help="How many guests, each with one card.", min=1, max=256)] = 3,
) -> None:
    """Be the machine: xenstore, pages and event channels for a backend and guests started by hand."""
    from compose.byhand import be_host

    be_host(directory, guests)


@app.command()
def backend(
    config: Annotated[Path, typer.Option("--config", help="Devices and the table of unique-ids (TOML).")],
    directory: MachineDir = DEFAULT_DIR,
    out: Out = Path("out/backend"),
    metrics: Annotated[bool, typer.Option("--metrics", help="Serve figures to Prometheus, on loopback.")] = False,
    metrics_port: Annotated[int, typer.Option(help="Where on loopback.", min=1, max=65535)] = 9590,
) -> None:
    """Be Dom0's backend until told to end."""
    from compose.byhand import be_backend

    be_backend(config, directory, out, metrics_port if metrics else None)


@app.command()
def top(
    directory: MachineDir = DEFAULT_DIR,
    delay: Annotated[float, typer.Option("--delay", "-d", help="Seconds between pictures.", min=0.1, max=3600)] = 1.0,
    batch: Annotated[
        int | None, typer.Option("--batch", "-b", help="Print so many pictures, one after the other, and end.", min=1)
    ] = None,
) -> None:
    """Show what a backend is doing: its guests, devices, delays, lateness and underruns."""
    from compose.top.command import run_top

    run_top(directory, delay, batch)


@app.command()
def play(
    file: Annotated[str, typer.Argument(help="A sound file, or - for raw frames from a pipe.")],
    domain: Domain,
    directory: MachineDir = DEFAULT_DIR,
    sample_format: Annotated[str, typer.Option("--format", help="Sample format.")] = "s16_le",
    rate: Annotated[int | None, typer.Option(help="Hz; the file's own unless given (48000 for -).")] = None,
    channels: Annotated[int | None, typer.Option(help="The file's own unless given (2 for -).")] = None,
    period_frames: PeriodFrames = None,
    buffer_frames: BufferFrames = None,
    volume_db: VolumeDb = "0",
    mute: Annotated[bool, typer.Option("--mute", help="Play without a sound.")] = False,
) -> None:
    """Be a guest that plays a file, or a pipe."""
    from compose.byhand import Asked, be_player
    from compose.loudness import Loudness

    asked = Asked(sample_format, rate, channels, period_frames, buffer_frames)
    be_player(file, domain, directory, asked, Loudness(volume_db, mute))


@app.command()
def record(
    file: Annotated[Path, typer.Argument(help="The WAV file to write.")],
    domain: Domain,
    seconds: Annotated[float, typer.Option(help="How long.", min=0.001)],
    directory: MachineDir = DEFAULT_DIR,
    sample_format: Annotated[str, typer.Option("--format", help="Sample format.")] = "s16_le",
    rate: Annotated[int, typer.Option(help="Hz.")] = 48000,
    channels: Annotated[int, typer.Option(help="Channels.")] = 2,
    period_frames: PeriodFrames = None,
    buffer_frames: BufferFrames = None,
    volume_db: VolumeDb = "0",
) -> None:
    """Be a guest that records."""
    from compose.byhand import Asked, be_recorder
    from compose.loudness import Loudness

    asked = Asked(sample_format, rate, channels, period_frames, buffer_frames)
    be_recorder(file, domain, directory, seconds, asked, Loudness(volume_db))


check = typer.Typer(help="Does a backend, or a frontend, keep the rules of the wire?", no_args_is_help=True)
app.add_typer(check, name="check")

Device = Annotated[int, typer.Option("--device", help="Which of its cards.", min=0)]
Json = Annotated[Path | None, typer.Option("--json", help="Write the table there, too.", dir_okay=False)]


@check.command("backend")
def check_backend(domain: Domain, directory: MachineDir = DEFAULT_DIR, device: Device = 0, json: Json = None) -> None:
    """Be a guest and try the backend that serves it, rule by rule."""
    from compose.check.command import run_backend_check

    run_backend_check(directory, domain, device, json)


@check.command("frontend")
def check_frontend(domain: Domain, directory: MachineDir = DEFAULT_DIR, device: Device = 0, json: Json = None) -> None:
    """Be the backend of a guest, which plays meanwhile, and judge its frontend."""
    from compose.check.command import run_frontend_check

    run_frontend_check(directory, domain, device, json)


app.add_typer(lab, name="lab")


@app.command()
def devices(
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    toml: Annotated[bool, typer.Option("--toml", help="As sections of the backend's file.")] = False,
) -> None:
    """List what this machine has: ALSA's PCMs, the sound server's sinks and sources, virtual cards."""
    from compose.devices.command import say_devices

    say_devices(as_json=json, as_toml=toml)


@app.command()
def doctor(
    areas: Annotated[
        list[str] | None, typer.Argument(help="Only these, in full; all, in short, if none is named.")
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Say what is missing for what, and the command that mends it; status 1 if a named area lacks something."""
    from compose.doctor.command import say_health

    say_health(areas or [], as_json=json)


@app.command()
def version() -> None:
    """Say which vsnd this is."""
    from compose.version import vsnd_version

    typer.echo(f"vsnd {vsnd_version()}")


def main() -> None:
    """Run the command; turn refusals into one line."""
    from backend.config import ConfigError
    from compose.worlds.api import RunError
    from ringproto.errors import ProtocolError

    try:
        app()
    except (ConfigError, ProtocolError) as refusal:
        _fail(str(refusal), 2)
    except (RunError, OSError) as failure:
        _fail(str(failure), 2 if isinstance(failure, OSError) else 1)


def _fail(line: str, status: int) -> None:
    typer.echo(f"vsnd: {' '.join(line.split())}", err=True)
    sys.exit(status)


if __name__ == "__main__":
    main()
