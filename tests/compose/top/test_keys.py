from hypothesis import given
from hypothesis import strategies as st

from compose.top.keys import PENDING_MAX, Keys


def keys(*pieces: bytes) -> list[str]:
    decoder = Keys()
    return [key for piece in pieces for key in decoder.feed(piece)]


def test_letters_are_themselves() -> None:
    assert keys(b"qI/<>") == list("qI/<>")


def test_arrows_pages_and_function_keys_of_several_terminals() -> None:
    assert keys(b"\x1b[A\x1bOB\x1b[5~\x1b[6~\x1b[H\x1b[4~") == ["up", "down", "pgup", "pgdn", "home", "end"]
    assert keys(b"\x1bOP\x1b[11~\x1b[[A\x1b[17~\x1b[21~") == ["f1", "f1", "f1", "f6", "f10"]


def test_sequences_that_come_in_pieces_are_one_key() -> None:
    assert keys(b"\x1b", b"[", b"5", b"~", b"q") == ["pgup", "q"]
    assert keys("é".encode()[:1], "é".encode()[1:]) == ["é"]


def test_escape_alone_is_known_once_nothing_follows() -> None:
    decoder = Keys()
    assert decoder.feed(b"\x1b") == []
    assert decoder.waiting
    assert decoder.flush() == ["esc"]
    assert not decoder.waiting
    assert decoder.flush() == []


def test_escape_and_a_letter_are_two_keys() -> None:
    assert keys(b"\x1bq") == ["esc", "q"]


def test_unknown_sequences_and_control_characters_are_dropped_whole() -> None:
    assert keys(b"\x1b[1;5Cq") == ["q"]
    assert keys(b"\x1b[200~\x00\x07x") == ["x"]


def test_a_sequence_without_an_end_is_not_waited_for_for_ever() -> None:
    decoder = Keys()
    decoder.feed(b"\x1b[" + b"1;" * PENDING_MAX)
    assert not decoder.waiting
    assert decoder.feed(b"\x1b[A") == ["up"]


@given(st.lists(st.binary(max_size=20), max_size=10))
def test_whatever_comes_is_named_or_dropped(pieces: list[bytes]) -> None:
    decoder = Keys()
    for piece in pieces:
        assert all(key and (len(key) > 1 or key.isprintable()) for key in decoder.feed(piece))
        assert len(decoder._pending) <= PENDING_MAX
        assert len(decoder._octets) < 4
