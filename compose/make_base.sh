#!/usr/bin/env bash
# make_base.sh [installed|debootstrap] [TAG]: a base image for compose/Dockerfile where no registry can be reached.
#
#   installed    from this machine's own packages (Debian or Ubuntu with python3 >= 3.11): two seconds, no network
#   debootstrap  from the mirror of SUITE (bookworm): a minute or two, root, the network
#
# It holds Python, a shell and the C libraries of the sound systems; the first has no more, not even apt.
set -euo pipefail

way=${1:-installed}
tag=${2:-vsnd-base}
packages=(python3 dash coreutils libc-bin libstdc++6 libatomic1 libpulse0)
if [ "$way" = installed ] && dpkg-query -W libasound2t64 >/dev/null 2>&1; then
    packages+=(libasound2t64)  # its name since Debian 13
else
    packages+=(libasound2)
fi

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

# The packages and all that they depend on, as far as it is installed.
closure() {
    apt-cache depends --recurse --installed --no-recommends --no-suggests --no-conflicts --no-breaks --no-replaces \
        --no-enhances "$@" | grep -oE '^[a-z0-9][^ :]*' | sort -u |
        { xargs dpkg-query -W -f '${db:Status-Status} ${binary:Package}\n' 2>/dev/null || true; } |  # some are virtual
        sed -n 's/^installed //p'
}

from_installed() {
    python3=$(PATH=/usr/bin command -v python3) && "$python3" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
        { echo "make_base.sh: want Debian's own python3, 3.11 or later; or: make_base.sh debootstrap" >&2; exit 1; }
    for package in "${packages[@]}"; do
        dpkg-query -W "$package" >/dev/null 2>&1 || { echo "make_base.sh: apt install $package" >&2; exit 1; }
    done
    # Packages still name /bin and /lib, which are links into /usr; a file goes where the link leads.
    mapfile -t names < <(closure "${packages[@]}")
    dpkg-query -L "${names[@]}" | grep -vE '^/usr/share/(doc|man|info|locale|lintian|bug|perl|X11)/|\.pyc$' |
        sed -E 's#^/(bin|sbin|lib|lib32|lib64|libx32)/#/usr/\1/#' | sort -u |
        while read -r file; do if [ -f "$file" ] || [ -L "$file" ]; then echo "${file#/}"; fi; done |
        tar -C / --no-recursion -T - -c | tar -C "$root" -x
    for link in bin sbin lib lib64; do
        mkdir -p "$root/usr/$link"
        [ -e "$root/$link" ] || ln -s "usr/$link" "$root/$link"
    done
}

from_debootstrap() {
    command -v debootstrap >/dev/null || { echo "make_base.sh: apt install debootstrap" >&2; exit 1; }
    debootstrap --variant=minbase --include="$(IFS=,; echo "${packages[*]}")" "${SUITE:-bookworm}" "$root" >&2
    rm -rf "$root"/var/lib/apt/lists/* "$root"/var/cache/apt/* "$root"/usr/share/{doc,man,locale,info}/*
}

case $way in
installed) from_installed ;;
debootstrap) from_debootstrap ;;
*) echo "make_base.sh: $way: want installed or debootstrap" >&2; exit 2 ;;
esac

mkdir -p "$root"/{dev,proc,sys,etc,run,tmp,var/tmp}
chmod 1777 "$root/tmp" "$root/var/tmp"
[ -s "$root/etc/passwd" ] || echo 'root:x:0:0:root:/:/bin/sh' >"$root/etc/passwd"
[ -s "$root/etc/group" ] || echo 'root:x:0:' >"$root/etc/group"
chmod 755 "$root"
ldconfig -r "$root"
tar -C "$root" --numeric-owner --owner=0 --group=0 -c . | docker import --change 'CMD ["sh"]' - "$tag" >/dev/null
echo "$tag: $(docker image inspect --format '{{.Size}}' "$tag" | awk '{ printf "%.0f MB", $1 / 1e6 }')"
