"""Skips are failures in CI, and a failure names its seed: judged by a pytest inside this one."""

from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

CONFTEST = Path(__file__).parent / "conftest.py"


@pytest.fixture
def inner(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makeconftest(CONFTEST.read_text())
    return pytester


def outcomes(inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, *, ci: bool) -> dict[str, int]:
    """Outcomes by name."""
    monkeypatch.setenv("CI", "true" if ci else "")
    return inner.runpytest_inprocess("-p", "no:cacheprovider").parseoutcomes()


@pytest.mark.parametrize(("ci", "outcome"), [(True, "failed"), (False, "skipped")])
def test_skipped_test_fails_only_in_ci(
    inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ci: bool, outcome: str
) -> None:
    inner.makepyfile("import pytest\ndef test_a(): pytest.skip('no card')\n")
    assert outcomes(inner, monkeypatch, ci=ci) == {outcome: 1}


@pytest.mark.parametrize(("ci", "outcome"), [(True, "errors"), (False, "skipped")])
def test_test_marked_as_skipped_fails_only_in_ci(
    inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ci: bool, outcome: str
) -> None:
    inner.makepyfile("import pytest\n@pytest.mark.skip\ndef test_a(): pass\n")
    assert outcomes(inner, monkeypatch, ci=ci) == {outcome: 1}


@pytest.mark.parametrize(("ci", "outcome"), [(True, "errors"), (False, "skipped")])
def test_skipped_file_fails_only_in_ci(
    inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ci: bool, outcome: str
) -> None:
    inner.makepyfile("import pytest\npytest.importorskip('no_such_module')\ndef test_a(): pass\n")
    assert outcomes(inner, monkeypatch, ci=ci) == {outcome: 1}


def test_expected_failure_is_no_skip(inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    inner.makepyfile("import pytest\n@pytest.mark.xfail\ndef test_a(): assert False\ndef test_b(): pass\n")
    assert outcomes(inner, monkeypatch, ci=True) == {"xfailed": 1, "passed": 1}


def test_failure_names_its_seed(inner: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VSND_SEED", "77")
    inner.makepyfile("def test_a(seed): assert seed == 0\n")
    result = inner.runpytest_inprocess("-p", "no:cacheprovider")
    result.stdout.fnmatch_lines(["*VSND_SEED=77 repeats this*"])
