"""backend.latency.comparison.result: the published schema, and that files keep to it."""

from pathlib import Path

import jsonschema
import msgspec
import pytest

from backend.latency.comparison.build import compare_folder
from backend.latency.comparison.result import read_json, schema
from tests.backend.latency.comparison.experiments import told, write_run


def test_a_comparison_keeps_to_its_schema(tmp_path: Path) -> None:
    for number, pacing in enumerate(("timer", "irq") * 3):
        write_run(tmp_path / f"{number}-{pacing}", told(pacing=pacing), range(0, 400_000, 1000))
    compare_folder(tmp_path)
    jsonschema.Draft202012Validator.check_schema(schema())
    read = msgspec.json.decode((tmp_path / "comparison.json").read_bytes())
    jsonschema.validate(read, schema(), cls=jsonschema.Draft202012Validator)
    read["conditions"][0]["underruns"] = -1
    with pytest.raises(jsonschema.ValidationError, match="-1 is less than the minimum"):
        jsonschema.validate(read, schema(), cls=jsonschema.Draft202012Validator)


def test_a_file_that_is_wrong_is_refused_by_its_field(tmp_path: Path) -> None:
    (tmp_path / "comparison.json").write_text('{"schema_version": 2}')
    with pytest.raises(msgspec.ValidationError, match="schema_version"):
        read_json(tmp_path / "comparison.json")
