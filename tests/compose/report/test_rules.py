"""compose.report.rules: what a rule may say, and one clear line for each that is wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.config import ConfigError
from backend.latency.facts import Backend, Device
from backend.latency.result import Stream
from compose.report.rules import BACKEND, COUNTS, DELAYS, DEVICE, QUANTILES, Rule, read_rule


def fields(rule: Rule) -> tuple[str, str, int | None, str, str, str, float]:
    return rule.whose, rule.name, rule.stream, rule.figure, rule.quantile, rule.operator, rule.bound


@pytest.mark.parametrize(
    ("text", "means"),
    [
        (
            "guest.media.playback_delay.p99 > 20ms",
            ("guest", "media", None, "playback_delay", "p99", ">", 20_000_000),
        ),
        ("guest.media.16.capture_delay.max>=1.5 s", ("guest", "media", 16, "capture_delay", "max", ">=", 1.5e9)),
        ("guest.media.underruns > 0", ("guest", "media", None, "underruns", "", ">", 0)),
        ('guest."living room 2.0".gaps > 3', ("guest", "living room 2.0", None, "gaps", "", ">", 3)),
        ('guest."a > b".gaps > 3', ("guest", "a > b", None, "gaps", "", ">", 3)),
        ("all.period_lateness.p999 > 800us", ("all", "", None, "period_lateness", "p999", ">", 800_000)),
        ("all.period_lateness.p50 < 3 \N{MICRO SIGN}s", ("all", "", None, "period_lateness", "p50", "<", 3000)),
        (
            "all.period_lateness.p50 <= 3\N{GREEK SMALL LETTER MU}s",
            ("all", "", None, "period_lateness", "p50", "<=", 3000),
        ),
        ("all.period_lateness.min < 0", ("all", "", None, "period_lateness", "min", "<", 0)),
        ("all.underruns > 0", ("all", "", None, "underruns", "", ">", 0)),
        ("backend.cpu_s > 1500ms", ("backend", "", None, "cpu_s", "", ">", 1.5)),
        ("backend.looks > 1000", ("backend", "", None, "looks", "", ">", 1000)),
        ('device."speaker (capture)".underruns > 0', ("device", "speaker (capture)", None, "underruns", "", ">", 0)),
    ],
)
def test_a_rule_is_read(text: str, means: tuple[object, ...]) -> None:
    assert fields(read_rule(text)) == means


@pytest.mark.parametrize(
    ("text", "wrong", "right"),
    [
        ("", "''", "guest.media.playback_delay.p99 > 20ms"),
        ("guest.media.underruns", "want what", "> >= < <="),
        ("guest.media.underruns = 3", "want what", "> >= < <="),
        ("guest.media.underruns >> 3", "want what", "> >= < <="),
        ("gest.media.underruns > 0", "'gest'", "guest, all, backend, device"),
        ("guest > 0", "a name is missing", ""),
        ("guest.media > 0", "a figure is missing", "playback_delay"),
        ("guest.media.delay.p99 > 0", "'delay' is not a figure", "playback_delay"),
        ("guest.media.playback_delay > 3ms", "a quantile is missing", "p99"),
        ("guest.media.playback_delay.p98 > 3ms", "'p98' is not a quantile", "p99"),
        ("guest.media.playback_delay.p99.9 > 3ms", "'9' is too much", ""),
        ("guest.media.underruns.p99 > 0", "'p99' is too much", ""),
        ("all.media.underruns > 0", "'media' is not a figure", "underruns"),
        ("backend.p99 > 3ms", "'p99' is not a figure", "cpu_s"),
        ("device.speaker.playback_delay.p99 > 3ms", "'playback_delay' is not a figure", "interrupts"),
        ("guest.media.playback_delay.p99 > 20", "20 has no unit", "ms"),
        ("guest.media.playback_delay.p99 > 20min", "'min' is no unit of time", "ms"),
        ("guest.media.underruns > 3ms", "'ms' behind 3", "underruns has no unit"),
        ("guest.media.underruns > three", "'three' is no number", ""),
        ("guest.media.underruns > -1", "'-1' is no number", ""),
        ("guest..underruns > 0", "'guest..underruns' is no words", ""),
        ('guest."media"x.underruns > 0', "is no words", ""),
        ('guest."media.underruns > 0', "want what", ""),
    ],
)
def test_a_wrong_rule_is_one_line_that_names_the_part_and_what_would_be_right(
    text: str, wrong: str, right: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        read_rule(text)
    said = str(refused.value)
    assert said.startswith(f"--fail-if: {text!r}: ")
    assert wrong in said
    assert right in said
    assert "\n" not in said


@given(st.text())
def test_whatever_is_written_is_a_rule_or_refused(text: str) -> None:
    try:
        read_rule(text)
    except ConfigError:
        return


@given(st.text(alphabet=st.characters(exclude_characters='"')).filter(bool), st.sampled_from(COUNTS), st.integers(0))
def test_any_name_without_quotes_can_be_quoted(name: str, count: str, bound: int) -> None:
    rule = read_rule(f'guest."{name}".{count} > {bound}')
    assert (rule.name, rule.figure, rule.bound) == (name, count, float(bound))


@pytest.mark.parametrize(
    ("operator", "broken"), [(">", [False, False, True]), (">=", [False, True, True]), ("<", [True, False, False]),
                             ("<=", [True, True, False])],
)  # fmt: skip
def test_a_rule_is_broken_where_its_comparison_holds(operator: str, broken: list[bool]) -> None:
    rule = read_rule(f"guest.media.underruns {operator} 2")
    assert [rule.is_broken_by(value) for value in (1, 2, 3)] == broken


def test_names_that_nobody_has_are_refused_with_those_there_are() -> None:
    with pytest.raises(ConfigError, match="no guest 'musik'; there are: music, phone"):
        read_rule("guest.musik.underruns > 0").check_names(["music", "phone"], ["musik"])
    with pytest.raises(ConfigError, match="no device 'card'; there are: speaker"):
        read_rule("device.card.underruns > 0").check_names(["card"], ["speaker"])
    read_rule("guest.music.underruns > 0").check_names(["music"], [])
    read_rule("all.underruns > 0").check_names([], [])
    read_rule("backend.looks > 0").check_names([], [])


def test_every_figure_is_one_of_the_result() -> None:
    assert {f"{delay}_ns" for delay in DELAYS} <= set(Stream.__struct_fields__)
    assert {"playback_delay", "capture_delay", "period_lateness", "request_round_trip", "notification_delay"} <= set(
        DELAYS
    )
    assert set(COUNTS) <= set(Stream.__struct_fields__)
    assert set(BACKEND) <= set(Backend.__struct_fields__)
    assert set(DEVICE) <= set(Device.__struct_fields__)
    assert {"min", "p50", "p99", "p999", "p9999", "max", "mean"} <= set(QUANTILES)
    assert not {"n", "max_at_ns"} & set(QUANTILES)
