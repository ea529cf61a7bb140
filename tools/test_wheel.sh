#!/usr/bin/env bash
# Builds the wheel and runs the tests against it, in a folder and a venv of their own where the source packages are not.
# Of the tests those that come from the command or read files of ours: what a wheel can lack.  What modules compute is
# tested once, in the source tree.  Needs the .venv of `make test`.
set -euo pipefail

cd "$(dirname "$0")/.."
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

.venv/bin/python -m build --wheel --outdir "$scratch" >"$scratch/build.log" || { cat "$scratch/build.log"; exit 1; }
wheel=$(echo "$scratch"/vsnd-*.whl)
echo "Testing $(basename "$wheel")"

# It holds the five packages with all their data files, and nothing else.
diff <(find ringproto hosts backend frontend compose -type f ! -path '*/__pycache__/*' | sort) \
    <(.venv/bin/python -m zipfile -l "$wheel" | awk 'NR > 1 { print $1 }' | grep -v '\.dist-info/' | sort)

.venv/bin/python -m venv "$scratch/venv"
install=("$scratch/venv/bin/python" -m pip install --quiet --disable-pip-version-check -c constraints.txt)
"${install[@]}" "${wheel}[dev,pulse,hlog,metrics,lab]"
"${install[@]}" "${wheel}[alsa]" || echo "Going on without pyalsaaudio."
"$scratch/venv/bin/vsnd" --help >/dev/null

mkdir "$scratch/tests-only"
cp -r tests docs pyproject.toml "$scratch/tests-only"   # tests compare the documents with the code
cd "$scratch/tests-only"
export PATH="$scratch/venv/bin:$PATH"
python -P -c "import compose.cli as cli; assert 'site-packages' in cli.__file__, cli.__file__"
python -P -m pytest -p no:cacheprovider -m "not realtime" -n auto --dist worksteal \
    tests/compose tests/world tests/backend/latency/page tests/backend/latency/test_build.py tests/backend/live
python -P -m pytest -p no:cacheprovider tests/processes/test_run.py tests/processes/test_by_hand.py
