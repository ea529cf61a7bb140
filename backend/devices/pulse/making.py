"""What a stream is made with: how people's tools show it, what its samples are, and how far ahead the server goes."""

from backend.devices.pulse.connection import Connection, encoded
from backend.devices.pulse.library import (
    ADJUST_LATENCY,
    ANY,
    AUTO_TIMING_UPDATE,
    CHANNEL_MAP_ALSA,
    START_CORKED,
    library,
)
from backend.devices.pulse.options import FORMAT_CODES, PulseOptions
from ringproto.card import Direction

KINDS = {Direction.PLAYBACK: "sink", Direction.CAPTURE: "source"}
"""What a stream of that direction is connected to."""


def make_stream(connection: Connection, options: PulseOptions, direction: Direction, user: str, ring: object) -> object:
    """A new stream of a connection that is ready, on its way to the server; `ring` is called when its state changes."""
    lib, params = library(), options.params
    with connection.locked():
        properties = connection.properties(
            {
                "media.name": user,
                "media.role": options.media_role,
                "application.icon_name": options.icon,
                # or all that plays with one role would share one volume
                "module-stream-restore.id": f"{KINDS[direction]}-by-application-name:{user}",
            }
        )
        spec, order = lib.struct("pa_sample_spec"), lib.struct("pa_channel_map")
        spec.format, spec.rate, spec.channels = FORMAT_CODES[params.format], params.rate_hz, params.channels
        lib.pa_channel_map_init_extend(order, params.channels, CHANNEL_MAP_ALSA)
        made: object = lib.pa_stream_new_with_proplist(connection.context, encoded(user), spec, order, properties)
        assert made, "options that are no sample specification"
        lib.pa_proplist_free(properties)
        lib.pa_stream_set_state_callback(made, ring, None)
        lib.pa_stream_set_moved_callback(made, ring, None)
        _connect(made, options, direction)
    return made


def _connect(stream: object, options: PulseOptions, direction: Direction) -> None:
    """With ADJUST_LATENCY the sink is set to (tlength - 2 minreq) / 2: half a period, in pieces of as much."""
    lib, params = library(), options.params
    sizes = lib.struct("pa_buffer_attr")
    sizes.maxlength, sizes.prebuf = ANY, 0
    sizes.tlength = 2 * params.period_frames * params.frame_octets
    sizes.minreq = sizes.fragsize = params.period_frames // 2 * params.frame_octets
    flags = START_CORKED | AUTO_TIMING_UPDATE | ADJUST_LATENCY
    device = encoded(options.device) or None
    if direction is Direction.PLAYBACK:
        lib.pa_stream_connect_playback(stream, device, sizes, flags, None, None)
    else:
        lib.pa_stream_connect_record(stream, device, sizes, flags)
