#!/usr/bin/env bash
# get_compose2.sh FOLDER: Compose 2 as a plugin of the docker client, in FOLDER/cli-plugins; use it as DOCKER_CONFIG.
#
# Debian has it from release 13 on.  The packages need nothing but libc, so they are taken from there and unpacked; no
# package is installed, and apt's own lists stay as they are.
set -euo pipefail

folder=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -p "$folder/cli-plugins" "$scratch"/{lists/partial,cache/archives/partial}

mirror=$(apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' | grep -m 1 '/debian \| /debian/ ' |
    cut -d ' ' -f 1 || true)
echo "deb ${mirror:-http://deb.debian.org/debian} trixie main" >"$scratch/sources.list"
apt=(apt-get -qq -o "Dir::Etc::SourceList=$scratch/sources.list" -o Dir::Etc::SourceParts=- -o APT::Sandbox::User=root
    -o "Dir::State::Lists=$scratch/lists" -o "Dir::Cache=$scratch/cache")
"${apt[@]}" update
(cd "$scratch" && "${apt[@]}" download docker-compose docker-buildx)
for package in "$scratch"/*.deb; do
    dpkg -x "$package" "$scratch/unpacked"
done
find "$scratch/unpacked" -path '*/cli-plugins/*' -type f -exec cp {} "$folder/cli-plugins/" \;
ls "$folder/cli-plugins"
