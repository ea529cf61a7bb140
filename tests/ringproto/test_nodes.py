"""Reading hostile text: bounded, typed, and each refusal names its node."""

import pytest

from ringproto.errors import Errno, ProtocolError
from ringproto.hwparams import Interval
from ringproto.nodes import LIST_MAX, NodeReader, clip

OCTET = Interval(1, 255)


@pytest.mark.parametrize(("text", "expected"), [("1", 1), ("255", 255), ("007", 7)])
def test_number_is_read(text: str, expected: int) -> None:
    assert NodeReader({"n": text}).number("n", OCTET) == expected


@pytest.mark.parametrize(
    "text", ["", "0", "256", "-1", "+1", " 1", "1 ", "1.0", "0x1", "1_0", "٣", "²", "1\0", "9" * 11, "9" * 4096]
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ProtocolError, match="0/n") as caught:
        NodeReader({"0/n": text}).number("0/n", OCTET)
    assert caught.value.errno is Errno.EINVAL
    assert len(str(caught.value)) < 200


def test_missing_number_needs_a_default() -> None:
    assert NodeReader({}).number("n", OCTET, 5) == 5
    with pytest.raises(ProtocolError, match="n"):
        NodeReader({}).number("n", OCTET)


def test_name_is_bounded_and_printable() -> None:
    assert NodeReader({"n": "Küche 1"}).name("n", 7) == "Küche 1"
    assert NodeReader({}).name("n", 7) == ""
    for text in ("Küche 12", "a\nb", "a\0", "\x1b[2J"):
        with pytest.raises(ProtocolError, match=r"^n:"):
            NodeReader({"n": text}).name("n", 7)


def test_items_of_a_list() -> None:
    assert NodeReader({"l": "48000, 44100,"}).items("l") == ["48000", "44100"]
    assert NodeReader({"l": ""}).items("l") == []
    assert NodeReader({"l": ",,"}).items("l") == []
    assert NodeReader({}).items("l") == []


def test_list_is_bounded() -> None:
    assert len(NodeReader({"l": "1," * (LIST_MAX // 2)}).items("l")) == LIST_MAX // 2
    with pytest.raises(ProtocolError, match=r"^l:"):
        NodeReader({"l": "1," * (LIST_MAX // 2) + "1"}).items("l")


def test_counting_stops_at_the_first_gap() -> None:
    reader = NodeReader({"0": "", "1/name": "x", "2/0/type": "p", "2/1": "", "4": ""})
    assert list(reader.indices("", 32)) == [0, 1, 2]
    assert list(reader.indices("2/", 8)) == [0, 1]


def test_counting_is_bounded() -> None:
    reader = NodeReader({str(index): "" for index in range(10_000)})
    with pytest.raises(ProtocolError, match=r"^32:") as caught:
        reader.indices("", 32)
    assert caught.value.errno is Errno.E2BIG


def test_nothing_to_count_is_refused() -> None:
    with pytest.raises(ProtocolError, match=r"^1/0:") as caught:
        NodeReader({"1/name": "x", "1/1/type": "p"}).indices("1/", 8)
    assert caught.value.errno is Errno.ENODEV


def test_clip_shows_a_bounded_beginning() -> None:
    assert clip("abc") == "'abc'"
    assert clip("\n" * 4096) == repr("\n" * 32) + "..."
