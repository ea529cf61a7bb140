"""A card's configuration: keys, inheritance, bounds, and what hostile nodes do (nothing)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringproto.card import (
    CardConfig,
    Direction,
    Limits,
    PcmConfig,
    StreamConfig,
    format_card,
    parse_card,
)
from ringproto.errors import Errno, ProtocolError
from ringproto.formats import Format
from ringproto.hwparams import Interval
from tests.ringproto.outcome import outcome

ONE_STREAM = {"0/0/type": "p", "0/0/unique-id": "speakers"}
#: As libxl writes it: directories are nodes too, lists end with a comma, and there is more than the configuration.
LIBXL = {
    "backend": "/local/domain/0/backend/vsnd/1/0",
    "backend-id": "0",
    "state": "1",
    "short-name": "Virtual",
    "long-name": "Virtual sound card",
    "channels-max": "8",
    "sample-rates": "48000,8000,44100,",
    "sample-formats": "s16_le,U8,f32_le,",
    "buffer-size": "131072",
    "0": "",
    "0/name": "General analog",
    "0/channels-max": "4",
    "0/0": "",
    "0/0/type": "p",
    "0/0/unique-id": "speakers",
    "0/1": "",
    "0/1/type": "C",
    "0/1/unique-id": "microphone",
    "0/1/channels-max": "1",
    "0/1/sample-rates": "8000",
    "0/1/buffer-size": "4096",
    "1": "",
    "1/0": "",
    "1/0/type": "p",
    "1/0/sample-formats": "s16_le",
}
RATES = (8_000, 44_100, 48_000)
FORMATS = (Format.U8, Format.S16_LE, Format.FLOAT_LE)
CARD = CardConfig(
    "Virtual",
    "Virtual sound card",
    (
        PcmConfig(
            0,
            "General analog",
            (
                StreamConfig(0, Direction.PLAYBACK, "speakers", Limits(1, 4, RATES, FORMATS, 131_072)),
                StreamConfig(1, Direction.CAPTURE, "microphone", Limits(1, 1, (8_000,), FORMATS, 4_096)),
            ),
        ),
        PcmConfig(
            1,
            "",
            (StreamConfig(0, Direction.PLAYBACK, "", Limits(1, 8, RATES, (Format.S16_LE,), 131_072)),),
        ),
    ),
    Limits(1, 8, RATES, FORMATS, 131_072),
)


def limits_of(nodes: dict[str, str]) -> Limits:
    """The limits of stream 0/0 of a card with these nodes."""
    return parse_card(ONE_STREAM | nodes).pcms[0].streams[0].limits


def refused(nodes: dict[str, str], named: str, errno: Errno = Errno.EINVAL) -> None:
    """These nodes are refused with an error that begins with the node's path."""
    error = outcome(parse_card, nodes)
    assert isinstance(error, ProtocolError)
    assert error.errno is errno
    assert str(error).startswith(f"{named}:")
    assert len(str(error)) < 250


def test_card_as_libxl_writes_it() -> None:
    assert parse_card(LIBXL) == CARD


def test_formatted_card_is_read_back() -> None:
    assert parse_card(format_card(CARD)) == CARD


def test_format_writes_what_differs_from_the_level_above() -> None:
    nodes = format_card(CARD)
    assert nodes["sample-formats"] == "u8,s16_le,float_le"
    assert nodes["sample-rates"] == "8000,44100,48000"
    assert nodes["0/1/type"] == "c"
    assert {path for path in nodes if path.startswith("0/0/")} == {"0/0/type", "0/0/unique-id", "0/0/channels-max"}
    assert "channels-min" not in nodes
    assert "1/name" not in nodes


def test_least_card_has_the_kernel_frontends_defaults() -> None:
    card = parse_card({"0/0/type": "p"})
    stream = StreamConfig(0, Direction.PLAYBACK, "", Limits())
    assert card == CardConfig("", "", (PcmConfig(0, "", (stream,)),), Limits())


@pytest.mark.parametrize("level", ["", "0/", "0/0/"])
def test_limits_declared_at_any_level_reach_the_stream(level: str) -> None:
    declared = {
        "channels-min": "2",
        "channels-max": "6",
        "sample-rates": "96000,48000,96000",
        "sample-formats": "S32_LE,s16_le",
        "buffer-size": "8192",
    }
    nodes = {level + key: value for key, value in declared.items()}
    assert limits_of(nodes) == Limits(2, 6, (48_000, 96_000), (Format.S16_LE, Format.S32_LE), 8_192)


@pytest.mark.parametrize(
    ("key", "above", "within", "beyond"),
    [
        ("channels-min", "2", "2", "1"),
        ("channels-max", "4", "3", "5"),
        ("sample-rates", "44100,48000", "48000", "48000,96000"),
        ("sample-formats", "u8,s16_le", "u8", "u8,s32_le"),
        ("buffer-size", "8192", "8191", "8193"),
    ],
)
@pytest.mark.parametrize(("upper", "lower"), [("", "0/"), ("0/", "0/0/"), ("", "0/0/")])
def test_level_may_narrow_but_not_widen(key: str, above: str, within: str, beyond: str, upper: str, lower: str) -> None:
    limits_of({upper + key: above, lower + key: within})
    refused({**ONE_STREAM, upper + key: above, lower + key: beyond}, lower + key)


def test_mere_default_does_not_bound_what_is_declared_below() -> None:
    nodes = {"0/0/channels-max": "8", "0/0/sample-rates": "192000", "0/0/sample-formats": "s32_le"}
    limits = limits_of(nodes | {"0/0/buffer-size": "1048576"})
    assert limits == Limits(1, 8, (192_000,), (Format.S32_LE,), 1_048_576)


def test_empty_list_declares_nothing() -> None:
    assert limits_of({"sample-rates": ",", "sample-formats": ""}) == Limits()
    assert limits_of({"sample-rates": ",", "0/sample-rates": "96000"}).rates_hz == (96_000,)


def test_fewest_channels_are_never_more_than_most() -> None:
    assert limits_of({"channels-min": "4"}) == Limits(2, 2)
    refused({**ONE_STREAM, "channels-min": "4", "channels-max": "8", "0/0/channels-max": "2"}, "0/0/channels-min")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("channels-min", "0"),
        ("0/channels-max", "256"),
        ("0/0/channels-max", "two"),
        ("channels-max", ""),
        ("sample-rates", "48000,0"),
        ("sample-rates", "3999"),
        ("0/sample-rates", "768001"),
        ("sample-rates", "4294967295"),
        ("sample-rates", "48000;44100"),
        ("sample-rates", "-48000"),
        ("sample-rates", "48000," * 700),
        ("0/0/sample-formats", "s16_le,s20_le"),
        ("sample-formats", "u8" * 2000),
        ("buffer-size", "0"),
        ("buffer-size", "4194305"),
        ("buffer-size", "4294967296"),
        ("short-name", "x" * 33),
        ("long-name", "x" * 81),
        ("0/name", "x" * 81),
        ("0/name", "bell\a"),
        ("0/0/unique-id", "x" * 256),
        ("0/0/unique-id", "hw:0\0"),
        ("0/0/type", "x"),
        ("0/0/type", "pc"),
        ("0/0/type", ""),
    ],
)
def test_bad_value_is_refused_by_node(path: str, value: str) -> None:
    refused({**ONE_STREAM, path: value}, path)


def test_values_at_their_bounds_pass() -> None:
    card = parse_card(
        {
            "short-name": "x" * 32,
            "long-name": "x" * 80,
            "channels-max": "255",
            "sample-rates": "4000,768000",
            "sample-formats": ",".join(format_.xen_name for format_ in Format),
            "buffer-size": "4194304",
            "0/name": "x" * 80,
            "0/0/type": "c",
            "0/0/unique-id": "x" * 255,
        }
    )
    assert card.limits == Limits(1, 255, (4_000, 768_000), tuple(Format), 4_194_304)


def test_unique_id_is_taken_as_it_is() -> None:
    card = parse_card({"0/0/type": "p", "0/0/unique-id": "tee:hw,'|cat',raw/../"})
    assert card.pcms[0].streams[0].unique_id == "tee:hw,'|cat',raw/../"


def test_stream_without_type_is_refused() -> None:
    refused({"0/0/unique-id": "speakers"}, "0/0/type")
    refused({"0": "", "0/0": ""}, "0/0/type")


def test_card_and_device_have_at_least_one_each() -> None:
    refused({}, "0", Errno.ENODEV)
    refused({"1/0/type": "p"}, "0", Errno.ENODEV)
    refused({"0/name": "empty"}, "0/0", Errno.ENODEV)


def test_counting_stops_at_a_gap() -> None:
    card = parse_card({"0/0/type": "p", "0/1/type": "p", "0/3/type": "p", "2/0/type": "p"})
    assert [(pcm.index, [stream.index for stream in pcm.streams]) for pcm in card.pcms] == [(0, [0, 1])]


def test_counts_are_bounded() -> None:
    full = {f"{pcm}/{stream}/type": "p" for pcm in range(32) for stream in range(8)}
    card = parse_card(full)
    assert [len(pcm.streams) for pcm in card.pcms] == [8] * 32
    refused({**full, "32/0/type": "p"}, "32", Errno.E2BIG)
    refused({**full, "31/8/type": "p"}, "31/8", Errno.E2BIG)
    refused({f"0/{stream}/type": "p" for stream in range(10_000)}, "0/8", Errno.E2BIG)


LIMIT_NODES: dict[str, st.SearchStrategy[str]] = {
    "channels-min": st.integers(0, 4).map(str),
    "channels-max": st.integers(1, 8).map(str),
    "sample-rates": st.lists(st.sampled_from(["8000", "44100", "48000", "96000"])).map(",".join),
    "sample-formats": st.lists(st.sampled_from(["u8", "s16_le", "f32_le", "GSM"])).map(",".join),
    "buffer-size": st.sampled_from(["4096", "65536", "131072"]),
}
PLAUSIBLE = {level + key: values for level in ("", "0/", "0/0/", "0/1/") for key, values in LIMIT_NODES.items()}
BOTH_TYPES = {"0/0/type": "p", "0/1/type": "c"}
ANY_NODES = st.dictionaries(st.sampled_from(sorted(PLAUSIBLE)) | st.text(), st.text() | st.integers().map(str))
PLAUSIBLE_NODES = (
    st.sets(st.sampled_from(sorted(PLAUSIBLE)), max_size=6)
    .flatmap(lambda paths: st.fixed_dictionaries({path: PLAUSIBLE[path] for path in sorted(paths)}))
    .map(lambda nodes: BOTH_TYPES | nodes)
)


@given(ANY_NODES | PLAUSIBLE_NODES | st.builds(dict[str, str].__or__, PLAUSIBLE_NODES, ANY_NODES))
def test_any_nodes_are_a_card_or_refused(nodes: dict[str, str]) -> None:
    card = outcome(parse_card, nodes)
    if isinstance(card, ProtocolError):
        assert card.errno in (Errno.EINVAL, Errno.E2BIG, Errno.ENODEV)
        return
    assert parse_card(format_card(card)) == card
    for pcm in card.pcms:
        for stream in pcm.streams:
            limits = stream.limits
            assert 1 <= limits.channels_min <= limits.channels_max <= 255
            assert limits.formats
            assert isinstance(limits.rates_hz, Interval) or limits.rates_hz == tuple(sorted(set(limits.rates_hz)))
