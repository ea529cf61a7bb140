"""The operator's configuration, and what is said of a bad one."""

from pathlib import Path

import pytest

from backend.config import BackendConfig, ConfigError, Plug, read_config
from ringproto.card import Direction


def config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "backend.toml"
    path.write_text(text)
    return path


def refusal(tmp_path: Path, text: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read_config(config(tmp_path, text))
    message = str(caught.value)
    assert "\n" not in message
    assert "backend.toml" in message
    return message


def test_ids_as_snd_be_spells_them_are_plain_keys(tmp_path: Path) -> None:
    read = read_config(
        config(
            tmp_path,
            """
            [devices.speaker]
            kind = "clocked"
            [streams]
            pulse = "speaker"
            "pulse<sink>media.role:navi" = "speaker"
            "alsa<hw:0;0>" = "speaker"
            """,
        )
    )
    assert read.streams["alsa<hw:0;0>"] == "speaker"
    assert set(read.streams) == {"pulse", "pulse<sink>media.role:navi", "alsa<hw:0;0>"}


def test_an_unknown_key_is_named(tmp_path: Path) -> None:
    assert "pacings" in refusal(tmp_path, 'pacings = "irq"\n[devices]\n[streams]\n')


def test_a_wrong_type_is_named_with_its_field(tmp_path: Path) -> None:
    assert "streams" in refusal(tmp_path, "streams = 3\n[devices]\n")


def test_a_wrong_choice_says_what_would_be_right(tmp_path: Path) -> None:
    assert "pacing" in refusal(tmp_path, 'pacing = "sometimes"\n[devices]\n[streams]\n')


def test_a_device_without_a_kind_is_named(tmp_path: Path) -> None:
    assert "devices.speaker.kind" in refusal(tmp_path, "[devices.speaker]\nrate_hz = 1\n[streams]\n")


def test_a_stream_on_no_device_is_named(tmp_path: Path) -> None:
    message = refusal(tmp_path, '[devices.speaker]\nkind = "clocked"\n[streams]\nmusic = "speakers"\n')
    assert "music" in message
    assert "speaker" in message


def test_what_is_not_toml_is_said(tmp_path: Path) -> None:
    assert "TOML" in refusal(tmp_path, "][")


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        read_config(tmp_path / "backend.toml")


def test_how_a_device_is_shared_is_one_of_three(tmp_path: Path) -> None:
    text = '[devices.speaker]\nkind = "clocked"\nsharing = "{}"\n[streams]\n'
    message = refusal(tmp_path, text.format("everybody"))
    assert "devices.speaker.sharing: 'everybody'; one of: mixed, exclusive, per-guest" in message
    assert read_config(config(tmp_path, text.format("exclusive"))).sharing("speaker") == "exclusive"


def test_a_device_that_opens_once_is_not_for_each_guest(tmp_path: Path) -> None:
    text = '[devices.speaker]\nkind = "clocked"\nsharing = "per-guest"\n[streams]\n'
    assert "devices.speaker.sharing: a device of kind 'clocked' is opened only once" in refusal(tmp_path, text)


def test_a_stream_is_plugged_in_by_a_name_or_with_a_latency(tmp_path: Path) -> None:
    text = """
        [devices.speaker]
        kind = "clocked"
        [streams]
        a = "speaker"
        b = {{ device = "speaker", latency_ms = {} }}
    """
    read = read_config(config(tmp_path, text.format(12.5)))
    assert read.plug("a") == Plug("speaker")
    assert read.plug("b") == Plug("speaker", 12.5)
    assert Plug("speaker", 12.5).latency_ns == 12_500_000
    assert read.plug("c") is None
    assert "streams[...].latency_ms: expected `float` >= 1.0" in refusal(tmp_path, text.format(0))


def test_a_streams_guest_goes_by_the_card_or_by_the_system(tmp_path: Path) -> None:
    text = '[devices.speaker]\nkind = "clocked"\n[streams]\na = {{ device = "speaker", clock = "{}" }}\n'
    assert read_config(config(tmp_path, text.format("system"))).plug("a") == Plug("speaker", clock="system")
    assert "streams[...].clock: 'wall' is none of: card, system" in refusal(tmp_path, text.format("wall"))


def test_each_card_has_a_number_of_its_own() -> None:
    read = BackendConfig({"a": {}, "b": {}}, {})
    assert [read.device_number(name, way) for name in "ab" for way in Direction] == [0, 1, 2, 3]
