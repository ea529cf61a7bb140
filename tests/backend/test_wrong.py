"""One line that names the field and what would be right."""

from typing import Any

import msgspec
import pytest

from backend.config import BackendConfig
from backend.devices.clocked.options import ClockedOptions
from backend.wrong import describe
from compose.scenario import Scenario

GUEST = {"id": 1, "streams": [{"device": "speaker"}]}
SCENARIO: dict[str, Any] = {"name": "x", "devices": {"speaker": {}}, "guests": [GUEST]}
BACKEND: dict[str, Any] = {"devices": {}, "streams": {}}


@pytest.mark.parametrize(
    ("kind", "read", "line"),
    [
        (
            BackendConfig, {**BACKEND, "pacing": "irc"},
            "pacing: 'irc' is none of: adaptive, adaptive-text, irq, timer, timer-naive",
        ),
        (
            Scenario, {**SCENARIO, "pacing": ["irq", "tick"]},
            "pacing[1]: 'tick' is none of: adaptive, adaptive-text, irq, timer, timer-naive",
        ),
        (
            BackendConfig, {**BACKEND, "streams": {"a": {"device": "b", "clock": "sundial"}}},
            "streams[...].clock: 'sundial' is none of: card, system",
        ),
        (
            Scenario, {**SCENARIO, "faults": [{"at_s": 1, "what": "rain"}]},
            "faults[0].what: 'rain' is none of: backend, detach, hostile, pause, restart, sound_server, throttle",
        ),
        (
            BackendConfig, {**BACKEND, "streams": {"a": {"device": "b", "latency": 5}}},
            "streams[...]: unknown field `latency`; there are: device, latency_ms, clock",
        ),
        (ClockedOptions, {"format": "s17"}, "format: 's17' is none of: float_le, s16_le, s24_le, s32_le"),
        (ClockedOptions, {"rate_hz": "fast"}, "rate_hz: expected `int`, got `str`"),
        (Scenario, {}, "object missing required field `name`"),
    ],
)  # fmt: skip
def test_what_is_wrong_and_what_would_be_right(kind: Any, read: dict[str, Any], line: str) -> None:  # noqa: ANN401
    with pytest.raises(msgspec.ValidationError) as caught:
        msgspec.convert(read, kind)
    assert describe(caught.value, kind) == line
