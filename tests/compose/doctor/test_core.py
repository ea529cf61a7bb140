from pathlib import Path

from compose.doctor.core import core
from compose.doctor.finding import Answer, Finding
from tests.compose.doctor.staged import StagedProbes, by_name, stage

REQUIRED = ["numpy>=1.26", "pyalsaaudio>=0.11; extra == 'alsa'"]


def numpy(root: Path, versions: dict[str, str] | None = None, not_importable: dict[str, str] | None = None) -> Finding:
    probes = StagedProbes(required=REQUIRED, versions=versions or {}, not_importable=not_importable or {})
    return by_name(core(stage(root, probes=probes)))["numpy"]


def test_what_is_required_is_there(tmp_path: Path) -> None:
    found = numpy(tmp_path, versions={"numpy": "1.26.0"})
    assert (found.ok, found.text, found.mend) == (Answer.YES, "1.26.0", "")


def test_a_missing_package_is_named(tmp_path: Path) -> None:
    found = numpy(tmp_path)
    assert found.ok is Answer.NO
    assert found.mend == "pip install 'numpy>=1.26'"


def test_an_old_package_is_told_by_numbers_not_by_letters(tmp_path: Path) -> None:
    assert numpy(tmp_path, versions={"numpy": "1.9"}).ok is Answer.NO
    assert numpy(tmp_path, versions={"numpy": "10.0"}).ok is Answer.YES


def test_a_broken_package_says_how(tmp_path: Path) -> None:
    found = numpy(tmp_path, versions={"numpy": "2.0"}, not_importable={"numpy": "libblas.so: no such file"})
    assert found.ok is Answer.NO
    assert "libblas.so" in found.text


def test_extras_are_not_the_cores(tmp_path: Path) -> None:
    assert set(by_name(core(stage(tmp_path, probes=StagedProbes(required=REQUIRED))))) == {"Python", "numpy"}


def test_nothing_is_required_of_a_checkout_that_was_not_installed(tmp_path: Path) -> None:
    assert by_name(core(stage(tmp_path)))["packages"].ok is Answer.UNKNOWN
