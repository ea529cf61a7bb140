"""Fuzz targets that turn octets and texts into values: slots, page directories, cards.  Nothing else happens there."""

from contextlib import suppress
from errno import EACCES

from hosts.api import HostError
from ringproto.abi import DIRECTORY_GREFS, PAGE_OCTETS, SLOT_OCTETS
from ringproto.card import parse_card, parse_transport
from ringproto.errors import ProtocolError
from ringproto.messages import pack_request, parse_event, parse_request, parse_response
from ringproto.pagedir import data_pages, directory_pages, walk_directory
from ringproto.xenbus import parse_state
from tests.fuzz.choices import Choices

NODES = (
    "state", "version", "short-name", "long-name", "channels-min", "channels-max", "sample-rates", "sample-formats",
    "buffer-size", "0/name", "0/channels-max", "0/0/type", "0/0/unique-id", "0/0/sample-rates", "0/0/ring-ref",
    "0/0/event-channel", "0/0/evt-ring-ref", "0/0/evt-event-channel", "0/1/type", "0/1/unique-id", "1/0/type", "0",
    "0/0", "7/7/type", "backend", "backend-id", "",
)  # fmt: skip
"""Of a guest's directory: those that mean something, and some that should not be there."""

VALUES = ("0", "1", "2", "3", "4", "5", "6", "7", "8", "-1", "p", "c", "speaker", "s16_le", "4294967296", "48000,", "")


def slots(data: bytes) -> None:
    """Requests, responses and events from 64 octets: a value, or the peer's fault.  A request packs to what it said."""
    slot = data[:SLOT_OCTETS].ljust(SLOT_OCTETS, b"\0")
    for parse in (parse_response, parse_event):
        with suppress(ProtocolError):
            parse(slot)
    with suppress(ProtocolError):
        request = parse_request(slot)
        assert parse_request(pack_request(request)) == request


def directory(data: bytes) -> None:
    """A page directory of any pages in any order, for any length of buffer.  None is copied twice, none too many."""
    choices = Choices(data)
    size_octets = 1 + choices.number(4) % (1 << 27)
    pages: dict[int, bytes] = {}
    copied: list[int] = []

    def copy_page(ref: int) -> bytes:
        copied.append(ref)
        if not choices.left:
            raise HostError(EACCES, "not granted")
        return pages.setdefault(ref, _directory_page(choices))

    with suppress(ProtocolError, HostError):
        refs = walk_directory(copy_page, choices.number(), size_octets)
        assert len(refs) == len(set(refs)) == data_pages(size_octets)
        assert not {0, *copied} & set(refs)
    assert len(copied) == len(set(copied)) <= directory_pages(size_octets)


def _directory_page(choices: Choices) -> bytes:
    """A next page, and references: so many in a row, then some of the fuzzer's own choice."""
    following, first, count = choices.number(), choices.number(2), choices.number(2) % (DIRECTORY_GREFS + 1)
    row = b"".join(ref.to_bytes(4, "little") for ref in range(first, first + count))
    return (following.to_bytes(4, "little") + row + choices.piece()).ljust(PAGE_OCTETS, b"\0")[:PAGE_OCTETS]


def cards(data: bytes) -> None:
    """The configuration of a card, and of a stream's transport, from any nodes."""
    choices = Choices(data)
    nodes: dict[str, str] = {}
    while choices.left and len(nodes) < len(NODES):
        value = choices.piece() if choices.below(2) else VALUES[choices.below(len(VALUES))].encode()
        nodes[NODES[choices.below(len(NODES))]] = value.decode("latin-1")
    for parse in (parse_card, parse_transport):
        with suppress(ProtocolError):
            parse(nodes)
    parse_state(nodes.get("state"))
