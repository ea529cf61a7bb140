"""`vsnd report`: one run, a folder of runs, several folders; refusals are one line and status 2."""

from pathlib import Path

import jsonschema
import msgspec
import pytest

from backend.latency.comparison.result import read_json
from backend.latency.result import read_result
from compose.report.command import SCHEMAS, schema_text
from tests.backend.latency.comparison.experiments import told, write_run
from tests.compose.test_cli import refusal, vsnd

DOCS = Path(__file__).parents[3] / "docs"
LATE_NS = [1000 * k for k in range(400)]


def write_runs(folder: Path) -> Path:
    for number, pacing in enumerate(("timer", "irq") * 3):
        write_run(folder / f"{number + 1:02}-{pacing}", told(pacing=pacing), LATE_NS)
    return folder


def test_a_run_is_built_again_from_its_facts_and_trace(tmp_path: Path) -> None:
    write_run(tmp_path / "run", told(), LATE_NS)
    said = vsnd("report", "run", cwd=tmp_path)
    assert said.returncode == 0, said
    assert "speech" in said.stdout
    assert "Everything is in run: open run/report.html" in said.stdout
    assert said.stderr == ""
    result = read_result(tmp_path / "run" / "result.json")
    assert result.guests[0].streams[0].period_lateness_ns is not None
    assert (tmp_path / "run" / "report.html").exists()
    assert not (tmp_path / "run" / "comparison.json").exists()


def test_runs_of_a_folder_are_built_again_and_compared_there(tmp_path: Path) -> None:
    write_runs(tmp_path / "runs")
    said = vsnd("report", "runs", cwd=tmp_path)
    assert said.returncode == 0, said
    comparison = read_json(tmp_path / "runs" / "comparison.json")
    assert comparison.verdicts[0] in " ".join(said.stdout.split())
    assert len(list(tmp_path.glob("runs/*/result.json"))) == 6
    assert (tmp_path / "runs" / "report.html").exists()


def test_a_folder_of_one_run_is_that_run(tmp_path: Path) -> None:
    write_run(tmp_path / "runs" / "01-irq", told(), LATE_NS)
    said = vsnd("report", "runs", cwd=tmp_path)
    assert "open runs/01-irq/report.html" in said.stdout
    assert not (tmp_path / "runs" / "comparison.json").exists()


def test_several_folders_are_compared_elsewhere_and_left_alone(tmp_path: Path) -> None:
    write_runs(tmp_path / "A")
    write_runs(tmp_path / "B")
    before = sorted(tmp_path.glob("[AB]/**/*"))
    said = vsnd("report", "A", "B", cwd=tmp_path)
    assert said.returncode == 0, said
    assert "set B's" in said.stdout
    assert "open out/comparison/report.html" in said.stdout
    assert sorted(tmp_path.glob("[AB]/**/*")) == before
    assert vsnd("report", "A", "B", "--out", "elsewhere", cwd=tmp_path).returncode == 0
    both = (read_json(tmp_path / out / "comparison.json") for out in ("out/comparison", "elsewhere"))
    assert next(both).differences == next(both).differences


def test_rules_are_judged_after_everything_is_written(tmp_path: Path) -> None:
    write_run(tmp_path / "run", told(), LATE_NS)
    rules = ("--fail-if", "guest.media.period_lateness.p90 > 1us", "--fail-if", "all.underruns > 0")
    said = vsnd("report", "run", *rules, "--junit", "junit.xml", cwd=tmp_path)
    assert said.returncode == 1
    assert said.stderr == "vsnd: run: guest.media.period_lateness.p90 > 1us: it is 0.359 ms (n = 400)\n"
    assert (tmp_path / "run" / "result.json").exists()
    assert 'failures="1"' in (tmp_path / "junit.xml").read_text()


def test_what_is_wrong_is_one_line_before_anything_is_written(tmp_path: Path) -> None:
    write_run(tmp_path / "run", told(), LATE_NS)
    write_runs(tmp_path / "runs")
    (tmp_path / "runs" / "03-timer" / "facts.json").unlink()
    before = sorted(tmp_path.glob("**/*"))
    for arguments, said in (
        ((), "want the folder of a run"),
        (("nowhere",), "nowhere: no such folder"),
        (("run", "nowhere"), "nowhere: no such folder"),
        (("run", "run"), "run: named twice"),
        (("runs",), "runs/03-timer: no facts.json"),
        (("run", "--out", "there"), "--out: is for a comparison of several folders"),
        (("run", "--fail-if", "guest.media.delay > 1ms"), "'delay' is not a figure"),
        (("run", "--fail-if", "guest.musik.underruns > 0"), "no guest 'musik'"),
        (("run", "--junit", "nowhere/junit.xml"), "--junit: nowhere/junit.xml: there is no folder"),
        (("--schema", "results"), "--schema: 'results' is none of: result, comparison"),
    ):
        assert said in refusal("report", *arguments, cwd=tmp_path)
    assert sorted(tmp_path.glob("**/*")) == before


@pytest.mark.parametrize("name", SCHEMAS)
def test_published_schemas_are_those_of_today(name: str) -> None:
    """If this fails: vsnd report --schema NAME > docs/NAME.schema.json."""
    assert (DOCS / f"{name}.schema.json").read_text() == schema_text(name)


def test_a_schema_is_printed_as_it_is_published(tmp_path: Path) -> None:
    said = vsnd("report", "--schema", "result", cwd=tmp_path)
    assert said.stdout == (DOCS / "result.schema.json").read_text()


def test_a_runs_result_keeps_to_the_published_schema(tmp_path: Path) -> None:
    write_run(tmp_path / "run", told(), LATE_NS)
    vsnd("report", "run", cwd=tmp_path)
    schema = msgspec.json.decode((DOCS / "result.schema.json").read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    result = msgspec.json.decode((tmp_path / "run" / "result.json").read_bytes())
    jsonschema.validate(result, schema, cls=jsonschema.Draft202012Validator)
    del result["guests"][0]["streams"][0]["period_lateness_ns"]
    with pytest.raises(jsonschema.ValidationError, match="'period_lateness_ns' is a required property"):
        jsonschema.validate(result, schema, cls=jsonschema.Draft202012Validator)
