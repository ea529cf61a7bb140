"""X, continued: what a guest publishes.  Transports that lie, cards without end, names that are orders."""

from collections.abc import Callable
from itertools import count

from hosts.api import HostError
from hosts.xswire import Kind
from tests.hostile import bare
from tests.hostile.attacks_open import LARGEST_OCTETS, raw_open
from tests.hostile.cases import case
from tests.hostile.guest import Hostile, Meddler, ask, entrance, query, words
from tests.hostile.wire import RawGuest

# -- transports -------------------------------------------------------------------------------------------------------


def _transport(name: str, did: str, *allowed: str, **nodes: Callable[[Hostile, RawGuest], str]) -> None:
    """Declare a case that publishes a transport with these nodes in it."""

    def attack(hostile: Hostile) -> str:
        guest = hostile.unconnected()
        guest.publish(**{key.replace("_", "-"): text(hostile, guest) for key, text in nodes.items()})
        return entrance(guest)

    attack.__name__, attack.__doc__ = f"x2_{name}", did
    case(*allowed)(attack)


def _text(text: str) -> Callable[[Hostile, RawGuest], str]:
    return lambda hostile, guest: text


def _others(key: str) -> Callable[[Hostile, RawGuest], str]:
    """The same node of its own second card, which is connected."""

    def read(hostile: Hostile, guest: RawGuest) -> str:
        return hostile.store.read(f"/local/domain/{hostile.host.domid}/device/vsnd/1/0/0/{key}") or ""

    return read


def _offered_to_another(hostile: Hostile, guest: RawGuest) -> str:
    return str(hostile.host.offer_channel(1).port)


for _key in ("ring_ref", "event_channel", "evt_ring_ref", "evt_event_channel"):
    for _name, _value in {
        "a_word": "ring", "negative": "-1", "of_2_to_the_32": str(1 << 32), "0": "0", "empty": "",
        "never_given": str(1 << 30), "of_2000_digits": "9" * 2000,
    }.items():  # fmt: skip
        if _key in ("ring_ref", "event_channel") or _name in ("never_given", "negative"):
            _transport(f"{_key}_{_name}", f"Its {_key.replace('_', '-')} is {_value[:12]!r}.",
                       "refused", **{_key: _text(_value)})  # fmt: skip

_transport("ring_of_another_stream", "Its ring is its other stream's.", "0", "refused", ring_ref=_others("ring-ref"))
_transport("port_bound_already", "Its port is its other stream's, which is bound.", "refused",
           event_channel=_others("event-channel"))  # fmt: skip
_transport("port_offered_to_another", "Its port was offered to another domain.", "refused",
           event_channel=_offered_to_another)  # fmt: skip


# -- cards ------------------------------------------------------------------------------------------------------------


def _card_case(name: str, did: str, spoil: Callable[[Hostile, str], None], *allowed: str) -> None:
    """Declare a case that connects with a card whose nodes were spoilt."""

    def attack(hostile: Hostile) -> str:
        guest = hostile.unconnected()
        spoil(hostile, guest.path)
        guest.publish()
        return entrance(guest)

    attack.__name__, attack.__doc__ = f"x3_{name}", did
    case(*allowed)(attack)


def _write(key: str, text: str) -> Callable[[Hostile, str], None]:
    return lambda hostile, path: hostile.store.write(f"{path}/{key}", text)


def _as_many_pcms_as_possible(hostile: Hostile, path: str) -> None:
    for pcm in range(10_000):
        try:
            hostile.store.write(f"{path}/{pcm}/0/type", "p")
        except HostError:  # its share of the store is used up
            return


_card_case("ten_thousand_pcms", "It makes PCM devices until the store says no.", _as_many_pcms_as_possible, "refused")
_card_case("index_gap", "Its streams are 0 and 2; only the first counts.", _write("0/2/type", "p"), "0")
_card_case("type_absent", "Its stream has no type.",
           lambda hostile, path: hostile.store.remove(f"{path}/0/0/type"), "refused")  # fmt: skip
_card_case("type_unknown", "Its stream is of a type that there is not.", _write("0/0/type", "x"), "refused")
_card_case("no_pcm", "Its card has no PCM device.",
           lambda hostile, path: hostile.store.remove(f"{path}/0/0/type"), "refused")  # fmt: skip
_card_case("rates_of_2000_octets", "Its rates fill a node.", _write("sample-rates", "8000," * 400), "refused")
_card_case("formats_unknown", "Its formats are words.", _write("sample-formats", "s16_le,rm -rf"), "refused")
_card_case("buffer_of_4_gib", "Its buffer is as large as a number.", _write("buffer-size", str(2**32 - 1)), "refused")
_card_case(
    "channels_beyond", "Its stream has more channels than its card.", _write("0/0/channels-max", "200"), "refused"
)
_card_case(
    "name_unprintable", "Its name is made to spoil a log.", _write("long-name", "a\n\x1b[31mdomain 1: x"), "refused"
)


@case("0", "refused")
def x3_as_many_streams_as_possible(hostile: Hostile) -> str:
    """It publishes as many streams as the store has room for, each with a ring of its own, and connects."""
    guest = hostile.unconnected()
    wires: list[RawGuest] = []
    try:
        for stream in range(1, 120):
            wire = RawGuest(hostile.host, 0, stream // 8, stream % 8)
            wires.append(wire)
            hostile.store.write(f"{wire.stream_path}/type", "p")
            hostile.store.write(f"{wire.stream_path}/unique-id", "shared")
            wire.publish()
            wire.set_state("2")
    except HostError:  # no more room
        hostile.store.remove(wires.pop().stream_path)
    guest.publish()
    came = entrance(guest)
    for wire in wires:
        wire.close()
    return came


@case("0", "refused", "nothing")
def x4_nodes_go_while_they_are_read(hostile: Hostile) -> str:
    """A second connection removes and rewrites the transport while the backend binds, twenty times."""
    outcomes = set[str]()
    for _ in range(5):
        guest = hostile.unconnected()
        connection = hostile.store_socket()
        path = guest.stream_path
        port = count(1)

        def spoil() -> None:
            bare.ask(connection, Kind.RM, f"{path}/event-channel")  # noqa: B023
            bare.write(connection, f"{path}/event-channel", str(next(port)))  # noqa: B023

        with Meddler(spoil):
            guest.publish()
            outcomes.add(entrance(guest))
        guest.set_state("1")
        guest.wait(lambda: guest.backend_state == "2")  # noqa: B023
    return words(outcomes)


@case("0", "-22")
def x5_configuration_changes_afterwards(hostile: Hostile) -> str:
    """It allows itself more after it has connected: what it said before must hold, or "-1"."""
    guest = hostile.connected()
    for key, text in {"buffer-size": str(2 * LARGEST_OCTETS), "0/0/channels-max": "200", "0/0/type": "c",
                      "0/0/ring-ref": "1", "sample-rates": "192000"}.items():  # fmt: skip
        hostile.store.write(f"{guest.path}/{key}", text)
    good, bad = raw_open(guest), [raw_open(guest, channels=9), raw_open(guest, rate=192000)]
    return words([good, *bad]) if good == "0" and set(bad) == {"-22"} else "-1"


def _unique_id(name: str, did: str, text: str, *allowed: str) -> None:
    """Declare a case that names a device which is not the operator's."""

    def attack(hostile: Hostile) -> str:
        guest = hostile.unconnected()
        hostile.store.write(f"{guest.stream_path}/unique-id", text)
        guest.publish()
        if entrance(guest) != "0":
            return "refused"
        guest.set_state("4")
        return words([raw_open(guest), ask(guest, query(guest))])

    attack.__name__, attack.__doc__ = f"x6_unique_id_{name}", did
    case(*allowed)(attack)


_unique_id("hw", "It names a sound card of Dom0's.", "hw:0,0", "-19")
_unique_id("tee", "It names a plugin that writes files.", "tee:default,/tmp/vsnd-hostile-tee,raw", "-19")
_unique_id("file", "It names a plugin that writes files.", "file:/tmp/vsnd-hostile-file", "-19")
_unique_id("pipe", "It names a command.", "|touch /tmp/vsnd-hostile-pipe", "-19")
_unique_id("parent", "It names a path.", "../../../../tmp/vsnd-hostile-parent", "-19")
_unique_id("of_2000_octets", "Its name fills a node.", "x" * 2000, "refused")
_unique_id("with_nul", "Its name goes on after a NUL.", "shared\0hw:0", "refused", "-19")
_unique_id("of_nothing", "It has no name.", "", "-19")
