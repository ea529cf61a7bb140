"""One local application's connection, from its being let in to its end, and what each of its messages does.

The channel is its life: when that ends, however it ends, the application is gone and all of it is let go.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from errno import EBUSY, ENODEV, EPIPE, ETIMEDOUT
from typing import Any, ClassVar

from backend.devices.api import DeviceError
from backend.facilities import Facilities
from backend.input import Input
from backend.jack import Jack
from backend.local.application import Application
from backend.local.config import LocalConfig
from backend.local.turns import Turns
from backend.output import Output
from hosts.api import HostError
from hosts.channel.api import ChannelError, MessageChannel
from hosts.channel.calls import decode, encode
from hosts.channel.passing import close_all
from hosts.local.messages import (
    Answer,
    Ask,
    Describe,
    Described,
    Done,
    Ended,
    Granted,
    Latency,
    Refused,
    Register,
    Registered,
    Request,
    SetVolume,
    Start,
    Statistics,
    Unregister,
    requests,
)
from ringproto.card import Direction
from ringproto.errors import Errno, ProtocolError
from ringproto.local.region import Shape
from ringproto.volume import check_volumes, gain_of

REGISTER_LIMIT_NS = 5_000_000_000
"""Who has not registered by then is turned out."""

OnEnd = Callable[["Connection", Exception | None], None]


class Connection:
    """Serves the application behind `channel`, as `domid`; `on_end(self, why)` is called once, None: it left."""

    def __init__(
        self, domid: int, channel: MessageChannel, facilities: Facilities, config: LocalConfig, on_end: OnEnd
    ) -> None:
        self.domid = domid
        self.application: Application | None = None
        self._channel = channel
        self._facilities = facilities
        self._config = config
        self._on_end = on_end
        self._loop = loop = facilities.host.loop
        self._turns = Turns(loop, self._take_one)
        self._patience = loop.timer(self._on_impatient)
        self._patience.arm(loop.now_ns() + REGISTER_LIMIT_NS)
        self._watch = loop.watch_fd(channel.fileno(), self._turns.on_readable)
        self._is_open = True
        self._fds: tuple[int, ...] = ()  # that go with the answer
        loop.call_soon(self._turns.on_readable)  # something may have come before we listened

    def end(self, why: Exception | None = None) -> None:
        """It is over; None: the application left.  Harmless twice."""
        if not self._is_open:
            return
        self._is_open = False
        if why is not None:
            errno = why.errno if isinstance(why, OSError | ProtocolError) and why.errno else int(Errno.EIO)
            self._channel.send(encode(Ended(errno, said(why))))
        else:
            errno = int(Errno.ENODEV)
        self._patience.disarm()
        self._turns.close()
        self._watch.cancel()
        if self.application is not None:
            self.application.close(errno)
        self._channel.close()
        on_end, self._on_end = self._on_end, _nobody  # no cycles: a backend runs without a garbage collector
        del self._turns, self._patience
        on_end(self, why)
        self.application = None

    def _on_impatient(self, now_ns: int) -> None:
        if self.application is None:
            self.end(HostError(ETIMEDOUT, "it does not register"))

    # -- messages -----------------------------------------------------------------------------------------------------

    def _take_one(self) -> bool:
        """See to one message; False when there is none."""
        try:
            message = self._channel.take()
            if message is None:
                return self._channel.before_poll()
            heard = decode(message, requests)
            close_all(heard.fds)
            self._serve(heard.tag, heard.body)
        except ChannelError as error:
            self.end(None if error.errno == EPIPE else error)
        except HostError as error:
            self.end(error)
        except Exception as error:  # an error of ours costs this application alone
            self.end(error)
        return self._is_open

    def _serve(self, tag: int, request: Request) -> None:
        try:
            answer: Answer = self._SERVE[type(request)](self, request)
        except (ProtocolError, DeviceError) as error:
            answer = Refused(error.errno or int(Errno.EIO), said(error))
        if self.application is not None:
            self.application.requests += 1
        fds, self._fds = self._fds, ()
        self._channel.send(encode(answer, tag), fds)
        if isinstance(request, Unregister):
            self.end()

    def _describe(self, request: Describe) -> Described:
        device, jacks = self._jacks(request.device, list(Direction))
        try:
            ports = _openable(jacks)
            port = next(iter(ports.values()), None)
            if port is None:
                raise DeviceError(ENODEV, f"device: {device!r} cannot be opened")
            channels = {direction: port.spec.channels for direction, port in ports.items()}
        finally:
            for jack in jacks.values():
                jack.close()
        return Described(
            device, port.spec.rate_hz, port.device.params.period_frames,
            channels.get(Direction.PLAYBACK, 0), channels.get(Direction.CAPTURE, 0),
        )  # fmt: skip

    def _register(self, request: Register) -> Registered:
        if self.application is not None:
            raise ProtocolError(Errno.EBUSY, "it is registered already")
        if not request.name.isprintable():
            raise ProtocolError(Errno.EINVAL, "name: want letters that can be shown")
        wanted = {Direction.PLAYBACK: request.playback_channels, Direction.CAPTURE: request.capture_channels}
        _, jacks = self._jacks(request.device, [direction for direction, channels in wanted.items() if channels])
        try:
            shape = _shape_of(jacks, request)
        except BaseException:
            for jack in jacks.values():
                jack.close()
            raise
        self.application = application = Application(
            self.domid, request.name, shape, jacks, self._facilities, self._config, self.end
        )
        self._patience.disarm()
        self._facilities.complaints.note(self.domid, f"{request.name!r} registered")
        self._fds = application.fd, application.bell.fd
        return Registered(self.domid)

    def _jacks(self, name: str | None, directions: list[Direction]) -> tuple[str, dict[Direction, Jack]]:
        """Raises ProtocolError(ENODEV) for a device that is not for local applications."""
        device = name or self._config.devices[0]
        if device not in self._config.devices:
            raise ProtocolError(Errno.ENODEV, f"device: {device!r}; there are: {', '.join(self._config.devices)}")
        patchbay = self._facilities.patchbay
        return device, {direction: patchbay.jack_on(device, direction, self.domid) for direction in directions}

    def _registered(self) -> Application:
        if self.application is None:
            raise ProtocolError(Errno.EINVAL, "it is not registered")
        return self.application

    def _start(self, request: Start) -> Done:
        self._registered().start(self._loop.now_ns())
        return Done()

    def _set_volume(self, request: SetVolume) -> Done:
        application = self._registered()
        check_volumes(request.levels_mdb)
        line = application.playing if request.way == "playback" else application.recording
        if line is None:
            raise ProtocolError(Errno.EINVAL, f"way: there is no {request.way}")
        if len(request.levels_mdb) != line.voice.channels:
            raise ProtocolError(
                Errno.EINVAL, f"levels_mdb: {len(request.levels_mdb)} levels, want {line.voice.channels}"
            )
        line.set_gains([gain_of(level) for level in request.levels_mdb], self._loop.now_ns())
        return Done()

    def _be_ahead(self, request: Latency) -> Granted:
        depth, latency_ns = self._registered().be_ahead(request.latency_ns)
        return Granted(depth, latency_ns)

    def _ask(self, request: Ask) -> Statistics:
        return self._registered().statistics(self._loop.now_ns())

    def _unregister(self, request: Unregister) -> Done:
        return Done()

    _SERVE: ClassVar[dict[type[Any], Callable[["Connection", Any], Answer]]] = {
        Describe: _describe,
        Register: _register,
        Start: _start,
        SetVolume: _set_volume,
        Latency: _be_ahead,
        Ask: _ask,
        Unregister: _unregister,
    }


def said(error: Exception) -> str:
    """An error in words, without its number."""
    return (error.strerror if isinstance(error, OSError) else None) or str(error)


def _openable(jacks: Mapping[Direction, Jack]) -> dict[Direction, Output | Input]:
    """The ports of those that can be opened."""
    ports: dict[Direction, Output | Input] = {}
    for direction, jack in jacks.items():
        with suppress(DeviceError):
            ports[direction] = jack.port()
    return ports


def _shape_of(jacks: Mapping[Direction, Jack], request: Register) -> Shape:
    """The region of an application on these devices.

    Raises ProtocolError(EINVAL), or (EBUSY) for two devices that do not go together, and DeviceError.
    """
    ports = [jack.port() for jack in jacks.values()]
    kinds = {(port.spec.rate_hz, port.device.params.period_frames) for port in ports}
    if len(kinds) > 1:
        raise DeviceError(EBUSY, "its playback and its capture are of different rates or periods")
    rate_hz, period_frames = next(iter(kinds), (1, 1))
    return Shape(rate_hz, period_frames, request.ring_periods, request.playback_channels, request.capture_channels)


def _nobody(_connection: Connection, _why: Exception | None) -> None:
    """Hear of no end."""
