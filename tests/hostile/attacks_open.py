"""O: opening.  Impossible sizes, formats, periods, orders and queries."""

from ringproto.abi import HW_PARAM_REQUEST, Op, Trigger
from ringproto.abi import OPEN_REQUEST as OPEN
from ringproto.messages import CloseRequest
from ringproto.pagedir import build_directory
from tests.hostile.cases import case, variants
from tests.hostile.guest import Hostile, ask, ask_slot, words
from tests.hostile.wire import MS, RawGuest

S16_LE = 2
BUFFER_OCTETS, PERIOD_OCTETS = 7680 * 4, 3840
LARGEST_OCTETS = 4 << 20
"""As the card's own configuration says; takes two directory pages."""


def raw_open(
    guest: RawGuest, *, rate: int = 48000, code: int = S16_LE, channels: int = 2, size: int = BUFFER_OCTETS,
    period: int = PERIOD_OCTETS, directory: int | None = None,
) -> str:  # fmt: skip
    """An OPEN with these very numbers, of a good buffer unless a directory is given."""
    if directory is None:
        data, pages = guest.share_buffer(BUFFER_OCTETS)
        build_directory(data.refs, pages.refs, pages.pages)
        directory = pages.refs[0]
    request_id = guest.next_id()
    slot = OPEN.pack(request_id, Op.OPEN, rate, code, channels, size, directory, period)
    return ask_slot(guest, slot, request_id)


def _o1_buffer_size(hostile: Hostile, size: int) -> str:
    """It opens with a buffer of that many octets."""
    return raw_open(hostile.connected(), size=size)


variants(_o1_buffer_size, {"0": 0, "1": 1, "4095": 4095, "2_to_the_31": 1 << 31, "all_ones": 2**32 - 1,
                           "beyond_the_limit": LARGEST_OCTETS + 4}, "-22")  # fmt: skip


def _o2_channels(hostile: Hostile, channels: int) -> str:
    """It opens with that many channels."""
    return raw_open(hostile.connected(), channels=channels)


def _o2_format(hostile: Hostile, code: int) -> str:
    """It opens with a format that there is not, or that cannot be mixed."""
    return raw_open(hostile.connected(), code=code)


def _o2_rate(hostile: Hostile, rate: int) -> str:
    """It opens at that rate."""
    return raw_open(hostile.connected(), rate=rate)


variants(_o2_channels, {"0": 0, "255": 255}, "-22")
variants(_o2_format, {"mpeg": 23, "25": 25, "255": 255}, "-22")
variants(_o2_rate, {"0": 0, "1": 1, "all_ones": 2**32 - 1}, "-22")


def _o3_period(hostile: Hostile, period: int) -> str:
    """It opens with a period that no buffer has."""
    return raw_open(hostile.connected(), period=period)


variants(_o3_period, {"beyond_the_buffer": BUFFER_OCTETS + 4, "of_part_of_a_frame": 3842, "1": 1}, "-22")


@case("0")
def o3_period_0(hostile: Hostile) -> str:
    """It wants no events, and must get none: -1 if it does."""
    return _events_in_200_ms(hostile, 0, 0)


@case("0", "-22")
def o3_period_of_one_frame(hostile: Hostile) -> str:
    """It wants to be told of every frame: -1 if that makes more than an event in a millisecond."""
    return _events_in_200_ms(hostile, 4, 200)


def _events_in_200_ms(hostile: Hostile, period: int, most: int) -> str:
    guest = hostile.connected()
    came = raw_open(guest, period=period)
    if came != "0":
        return came
    guest.trigger(Trigger.START)
    guest.settle(200 * MS)
    return "0" if len(guest.events) <= most else "-1"


@case("0")
def o7_open_twice(hostile: Hostile) -> str:
    """It opens a stream that is open."""
    guest = hostile.connected()
    return words([raw_open(guest), raw_open(guest)])


@case("0")
def o7_close_twice(hostile: Hostile) -> str:
    """It closes a stream that it has closed."""
    guest = hostile.connected()
    return words([raw_open(guest), *(ask(guest, CloseRequest(guest.next_id())) for _ in range(2))])


@case("0")
def o7_close_before_open(hostile: Hostile) -> str:
    """It closes a stream that it never opened."""
    guest = hostile.connected()
    return ask(guest, CloseRequest(guest.next_id()))


TOP = 2**32 - 1
ALL_FORMATS = 2**64 - 1


def _query(hostile: Hostile, mask: int, *numbers: int) -> str:
    guest = hostile.connected()
    request_id = guest.next_id()
    return ask_slot(guest, HW_PARAM_REQUEST.pack(request_id, Op.HW_PARAM_QUERY, mask, *numbers), request_id)


@case("-22")
def o8_query_min_over_max(hostile: Hostile) -> str:
    """It asks for rates from high to low."""
    return _query(hostile, ALL_FORMATS, 48000, 8000, 0, TOP, 0, TOP, 0, TOP)


@case("-22")
def o8_query_no_format(hostile: Hostile) -> str:
    """It asks for no format at all."""
    return _query(hostile, 0, *(0, TOP) * 4)


@case("-22")
def o8_query_unknown_formats(hostile: Hostile) -> str:
    """It asks for formats that there are not."""
    return _query(hostile, 1 << 63, *(0, TOP) * 4)


@case("0")
def o8_query_everything(hostile: Hostile) -> str:
    """It asks for every format, and for ranges from 0 to the top."""
    return _query(hostile, ALL_FORMATS, *(0, TOP) * 4)


@case("-22")
def o8_query_only_the_top(hostile: Hostile) -> str:
    """It asks for nothing but the largest numbers."""
    return _query(hostile, ALL_FORMATS, *(TOP, TOP) * 4)
