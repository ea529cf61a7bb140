#!/usr/bin/env bash
# Installs the Debian packages listed in a file (one a line, # begins a comment) unless they are there, if we may.
set -euo pipefail

mapfile -t wanted < <(sed 's/#.*//' "$1" | tr -s ' \t' '\n' | grep .)
missing=()
for package in "${wanted[@]}"; do
  dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

if ! command -v apt-get >/dev/null; then
  echo "not installed, no apt here: ${missing[*]}; tests that need them are skipped" >&2
elif [ "$(id -u)" = 0 ]; then
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
elif sudo -n true 2>/dev/null; then
  sudo apt-get update -qq && sudo DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
else
  echo "not installed, no permission: ${missing[*]}; tests that need them are skipped" >&2
fi
