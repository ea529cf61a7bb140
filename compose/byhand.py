"""The parts of a machine, one per terminal: `vsnd host`, `vsnd backend`, `vsnd play`, `vsnd record`.

`vsnd host` gives every guest one card with a playback and a capture stream, whose unique-ids are "play" and "record".
"""

import logging
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, nullcontext
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeVar

import soundfile
from rich.progress import Progress

from backend.config import ConfigError, read_config
from backend.live.memory import live_path
from compose.children import Child
from compose.domains import serve_backend
from compose.loudness import Loudness
from compose.metrics import serve_metrics
from compose.sound import SoundWriter, load_sound
from compose.toolstack import Attachment, attach_missing
from compose.worlds.api import RunError
from frontend import CapturePcm, PcmParams, PlaybackPcm, connect, open_capture, open_playback, recover
from hosts.api import HostError
from hosts.emu.client import EmuHost, wait_for_host
from hosts.emu.messages import store_path
from hosts.emu.storeclient import EmuStore
from hosts.loop import RealLoop
from ringproto.card import CardConfig, Direction, Limits, PcmConfig, StreamConfig
from ringproto.formats import Format

T = TypeVar("T")

PERIODS_PER_SECOND = 100
BUFFER_PERIODS = 8
LONG_S = 2.0
"""What takes longer gets a progress bar."""

ANYTHING = Limits(
    channels_min=1,
    channels_max=8,
    rates_hz=(8000, 11025, 16000, 22050, 32000, 44100, 48000, 88200, 96000, 176400, 192000),
    formats=tuple(sample_format for sample_format in Format if sample_format.linear),
    buffer_octets=1 << 20,
)


class Asked(NamedTuple):
    """What the user said of the stream; None leaves it to us, or to the file."""

    format: str
    rate_hz: int | None
    channels: int | None
    period_frames: int | None = None
    buffer_frames: int | None = None


def be_host(directory: Path, guests: int) -> None:
    """Run the machine until told to end.  Raises ConfigError when it cannot run there, RunError when it ends by itself.

    A guest that leaves takes its devices along, as a domain does; it finds a new card when it comes again.
    """
    cards = [Attachment(domid, default_card()) for domid in range(1, guests + 1)]
    ended: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD):
        signal.signal(number, lambda caught, frame: ended.append(caught))
    loop = RealLoop()
    with tempfile.TemporaryDirectory(prefix="vsnd-log-") as logs, ExitStack() as parts:
        arguments = ("hosts.emu", str(directory), "--guests", ",".join(str(card.guest) for card in cards))
        machine = parts.enter_context(Child("host", arguments, Path(logs) / "host.log"))
        try:
            machine.wait_ready()
        except RunError as error:
            raise ConfigError(f"--dir: {machine.last_line()}") from error
        store = parts.enter_context(EmuStore(store_path(directory, 0), loop))
        store.watch("@releaseDomain", lambda path: attach_missing(store, cards))
        print(f"The machine is in {directory}, with domains 1 to {guests}.  Ctrl-C ends it.", flush=True)  # noqa: T201
        loop.run_until(lambda: bool(ended))
        if machine.status is not None:
            raise RunError(f"the machine ended by itself: {machine.last_line()}")
    loop.close()


def default_card() -> CardConfig:
    """One playback and one capture stream that can be opened in any way."""
    streams = (
        StreamConfig(0, Direction.PLAYBACK, "play", ANYTHING),
        StreamConfig(1, Direction.CAPTURE, "record", ANYTHING),
    )
    return CardConfig("vsnd", "vsnd virtual card", (PcmConfig(0, "vsnd", streams),), ANYTHING)


def be_backend(config: Path, directory: Path, out: Path, metrics_port: int | None) -> None:
    """Serve the machine in `directory` until told to end.  Raises ConfigError, OSError."""
    logging.basicConfig(format="%(asctime)s %(message)s", level=logging.INFO)
    checked = read_config(config)
    live = live_path(directory)
    metrics = nullcontext("") if metrics_port is None else serve_metrics(metrics_port, live, out)
    with metrics as where:
        line = f"Serving {directory}.{where}  Ctrl-C ends it."
        serve_backend(directory, checked, out, live, lambda: print(line, flush=True))  # noqa: T201


def be_player(file: str, domain: int, directory: Path, asked: Asked, loudness: Loudness) -> None:
    """Play a file or a pipe as domain `domain`.  Raises ConfigError, OSError."""
    if file == "-":
        params = _params(asked, 48000, 2)
        chunks, seconds = _pipe(sys.stdin.buffer, params), 0.0
    else:
        rate_hz, channels = _look_at(Path(file))
        params = _params(asked, rate_hz, channels)
        sound = load_sound(Path(file), params)
        chunks, seconds = _periods(sound, params), len(sound) / params.frame_octets / params.rate_hz
    loudness.check(params.channels)
    machine = Machine(directory, domain)
    with _progress(seconds) as progress:
        bar = progress.add_task(f"playing {file}", total=seconds or None)

        def play(host: EmuHost) -> None:
            with connect(host) as card, open_playback(card, params) as pcm:
                loudness.apply(pcm)
                for chunk in chunks:
                    _take(lambda: pcm.write(chunk), pcm, host, loudness)  # noqa: B023  # it is called at once
                    progress.advance(bar, len(chunk) / params.frame_octets / params.rate_hz)
                _take(pcm.drain, pcm, host, loudness)
            print(f"{pcm.underruns} underruns")  # noqa: T201

        machine.run(play)


def be_recorder(file: Path, domain: int, directory: Path, seconds: float, asked: Asked, loudness: Loudness) -> None:
    """Record into a WAV file as domain `domain`.  Raises ConfigError, OSError."""
    params = _params(asked, 48000, 2)
    loudness.check(params.channels)
    machine = Machine(directory, domain)
    writer = SoundWriter(file, params)
    left = round(seconds * params.rate_hz)
    with closing(writer), _progress(seconds) as progress:
        bar = progress.add_task(f"recording {file}", total=seconds)

        def record(host: EmuHost) -> None:
            nonlocal left
            with connect(host) as card, open_capture(card, params) as pcm:
                loudness.apply(pcm)
                while left:
                    frames = min(left, params.period_frames)
                    writer.append(_take(lambda: pcm.read(frames), pcm, host, loudness))  # noqa: B023  # it is called at once
                    left -= frames
                    progress.advance(bar, frames / params.rate_hz)
            print(f"{pcm.overruns} overruns")  # noqa: T201

        machine.run(record)


class Machine:
    """The machine in a folder, as domain `domain` of it sees it.  Raises HostError when there is none to begin with."""

    def __init__(self, directory: Path, domain: int) -> None:
        self._directory = directory
        self._domain = domain
        self._loop = RealLoop()
        self._host: EmuHost | None = EmuHost(directory, domain, self._loop)

    def run(self, application: Callable[[EmuHost], None]) -> None:
        """Run the application; when the machine goes away meanwhile, wait for another, and run it again.

        Raises what the application raises.
        """
        while self._host is not None:
            host = self._host
            try:
                application(host)
            except HostError:
                if not host.is_lost:
                    raise
            else:
                return
            finally:
                host.close()
            print("The machine is gone; waiting for another.", file=sys.stderr)  # noqa: T201
            self._host = wait_for_host(self._directory, self._domain, self._loop, lambda: False)


def _take(step: Callable[[], T], pcm: PlaybackPcm | CapturePcm, host: EmuHost, loudness: Loudness) -> T:
    """Take a step; when the backend goes away meanwhile, wait until it is back, and take it anew.  Raises HostError."""
    reopened = False
    while True:
        try:
            if reopened:
                loudness.apply(pcm)
            return step()
        except HostError:
            if not pcm.is_lost or host.is_lost:
                raise
        recover(pcm)
        reopened = True


def _progress(seconds: float) -> Progress:
    return Progress(transient=True, disable=0 < seconds <= LONG_S)


def _params(asked: Asked, rate_hz: int, channels: int) -> PcmParams:
    rate = asked.rate_hz or rate_hz
    period_frames = asked.period_frames or max(rate // PERIODS_PER_SECOND, 1)
    buffer_frames = asked.buffer_frames or BUFFER_PERIODS * period_frames
    sample_format = Format.from_name(asked.format)
    if not sample_format.linear:
        raise ConfigError(f"--format: {asked.format} cannot be mixed; want a linear one, such as s16_le")
    if buffer_frames < 2 * period_frames:
        raise ConfigError(f"--buffer-frames: {buffer_frames}; want at least two periods of {period_frames}")
    return PcmParams(rate, asked.channels or channels, sample_format, period_frames, buffer_frames)


def _look_at(file: Path) -> tuple[int, int]:
    try:
        info = soundfile.info(file)
    except (OSError, soundfile.SoundFileError) as error:
        raise ConfigError(f"{file}: {error}") from error
    return info.samplerate, info.channels


def _periods(sound: bytes, params: PcmParams) -> Iterator[bytes]:
    for at in range(0, len(sound), params.period_octets):
        yield sound[at : at + params.period_octets]


def _pipe(pipe: BinaryIO, params: PcmParams) -> Iterator[bytes]:
    """Periods from the pipe; a part of a frame at its end is no sound."""
    while chunk := pipe.read(params.period_octets):
        yield chunk[: len(chunk) // params.frame_octets * params.frame_octets]
