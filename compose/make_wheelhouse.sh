#!/usr/bin/env bash
# make_wheelhouse.sh [FOLDER]: all that compose/Dockerfile installs, as wheels, in out/wheelhouse or FOLDER.
#
# vsnd itself is built from this tree, so run it again when the tree has changed; the rest has the versions of
# constraints.txt and comes from pip's cache the second time.  PYTHON_VERSION (3.11) is that of the base image.
set -euo pipefail

cd "$(dirname "$0")/.."
folder=${1:-out/wheelhouse}
pip=("${PYTHON:-python3}" -m pip --quiet --disable-pip-version-check)

mkdir -p "$folder"
rm -f "$folder"/*.whl
"${pip[@]}" wheel --no-deps --wheel-dir "$folder" .
"${pip[@]}" download --only-binary :all: --python-version "${PYTHON_VERSION:-3.11}" --dest "$folder" \
    -c constraints.txt pip "$(echo "$folder"/vsnd-*.whl)[pulse]"
echo "$folder: $(find "$folder" -name '*.whl' | wc -l) wheels, $(du -sm "$folder" | cut -f 1) MB"
