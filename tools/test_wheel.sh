#!/usr/bin/env bash
# Builds the wheel, installs it into a fresh environment, and runs the tests against it, away from the sources.
set -euo pipefail

sources=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$sources/.venv/bin/python" -m build --quiet --wheel --outdir "$work/dist" "$sources"
"${PYTHON:-python3}" -m venv "$work/venv"
wheel=("$work"/dist/*.whl)
"$work/venv/bin/python" -m pip install --quiet --disable-pip-version-check -c "$sources/constraints.txt" "${wheel[0]}[dev]"

# Only the tests and pytest's settings: what they import must come from the wheel.
mkdir "$work/tests-only"
cp -r "$sources/tests" "$sources/pyproject.toml" "$work/tests-only/"
cp -r "$sources/docs" "$work/tests-only/"
cd "$work/tests-only"
"$work/venv/bin/python" - <<'PY'
import backend, compose, frontend, hosts, ringproto
for package in (ringproto, hosts, backend, frontend, compose):
    assert "site-packages" in package.__path__[0], package.__path__
PY
"$work/venv/bin/python" -m pytest -q --ignore tests/test_tidy.py
