#!/usr/bin/env bash
# Installs what packages.txt lists and this machine lacks, where apt is there and we may use it; says so where not.
set -euo pipefail

cd "$(dirname "$0")/.."

missing=()
for package in $(sed 's/#.*//' packages.txt); do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q ' installed$' || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

as_root=()
[ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
if ! command -v apt-get >/dev/null || ! "${as_root[@]}" true 2>/dev/null; then
    echo "Going on without ${missing[*]}: installing needs apt-get and root." >&2
    exit 0
fi
echo "Installing ${missing[*]}"
apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
{ "${apt[@]}" update && "${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null; } ||
    echo "Going on without what apt could not install." >&2
