"""Facts survive their file, and a file of an older vsnd is read."""

import json
from pathlib import Path

import msgspec
import pytest

from backend.latency.facts import FACTS as NAME
from backend.latency.facts import Instrument, Usage, read_facts, write_facts
from tests.backend.latency.synthetic import FACTS

USAGE = Usage(
    seconds=3.5, cpu_s=0.25, wakeups=7, switches_voluntary=8, switches_involuntary=1, run_queue_delay_ns=None,
    rss_octets=1 << 20,
)  # fmt: skip


def test_what_was_written_is_read(tmp_path: Path) -> None:
    backend = msgspec.structs.replace(FACTS.backend, usage=USAGE, instrument=Instrument(record_ns=250.5, clock_ns=45.0))
    facts = msgspec.structs.replace(FACTS, backend=backend)
    write_facts(facts, tmp_path / NAME)
    assert read_facts(tmp_path / NAME) == facts
    assert [path.name for path in tmp_path.iterdir()] == ["facts.json"]


def test_a_field_that_came_later_has_its_default(tmp_path: Path) -> None:
    document = json.loads(msgspec.json.encode(FACTS))
    for field in ("load", "load_cpu_s", "load_requests", "warm_up_s"):
        del document["run"][field]
    (tmp_path / NAME).write_text(json.dumps(document))
    assert read_facts(tmp_path / NAME) == FACTS


def test_a_field_that_is_wrong_is_named(tmp_path: Path) -> None:
    (tmp_path / NAME).write_bytes(msgspec.json.encode(FACTS).replace(b'"seed":7', b'"seed":"7"'))
    with pytest.raises(msgspec.ValidationError, match="seed"):
        read_facts(tmp_path / NAME)
