"""backend.latency.result: the schema, and that its page keeps up with it."""

import json
from pathlib import Path

import msgspec
import pytest

from backend.latency.build import summarise
from backend.latency.result import SCHEMA_VERSION, Result, read_result, schema, write_result
from tests.backend.latency.synthetic import FACTS

PAGE = Path(__file__).parents[3] / "docs" / "result.md"


@pytest.fixture
def result() -> Result:
    return summarise([], FACTS)


def test_a_result_file_comes_back(result: Result, tmp_path: Path) -> None:
    write_result(result, tmp_path / "result.json")
    assert read_result(tmp_path / "result.json") == result


def test_the_file_is_plain_json_with_its_version_first(result: Result, tmp_path: Path) -> None:
    write_result(result, tmp_path / "result.json")
    plain = json.loads((tmp_path / "result.json").read_text())
    assert next(iter(plain.items())) == ("schema_version", SCHEMA_VERSION)
    assert plain["guests"][0]["streams"][0]["underruns"] == 0
    assert plain["guests"][0]["streams"][0]["playback_delay_ns"] is None


@pytest.mark.parametrize(("field", "wrong"), [("schema_version", 2), ("guests", {}), ("run", None)])
def test_a_wrong_file_is_refused_naming_the_field(result: Result, tmp_path: Path, field: str, wrong: object) -> None:
    plain = {**msgspec.to_builtins(result), field: wrong}
    (tmp_path / "result.json").write_bytes(msgspec.json.encode(plain))
    with pytest.raises(msgspec.ValidationError, match=field):
        read_result(tmp_path / "result.json")


def test_the_schema_is_json_schema_and_names_every_part() -> None:
    published = schema()
    assert published["$ref"] == "#/$defs/Result"
    assert json.loads(json.dumps(published)) == published
    definitions = published["$defs"]
    assert isinstance(definitions, dict)
    assert {"Result", "Run", "Machine", "Device", "Guest", "Stream", "Summary", "Backend"} <= definitions.keys()


def test_every_field_is_on_the_page() -> None:
    page = PAGE.read_text()
    definitions = schema()["$defs"]
    assert isinstance(definitions, dict)
    names = {name for definition in definitions.values() for name in definition["properties"]}
    assert [name for name in sorted(names) if f"`{name}`" not in page] == []
