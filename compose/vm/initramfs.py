"""The first file system of a virtual machine: just enough to see this machine's files and go on there.

The machine has no disk and no distribution of its own.  Its root is this machine's root, through 9p and for reading
only, under an overlay in memory for what it writes.  So every program, interpreter and virtual environment that is here
is there at once, in the same place, and nothing that it does stays.
"""

from pathlib import Path

from compose.vm.api import VmError
from compose.vm.cpio import Archive
from compose.vm.kernel import Kernel, run

BUSYBOX = Path("/bin/busybox")
MODULES = ("9p", "9pnet_virtio", "virtio_pci", "overlay")
"""What it takes to see the files; all else is loaded from there."""

ROOT_TAG, MODULES_TAG, SHARE_TAG = "root", "modules", "share"
SHARE = "/run/vsnd"
"""Where the machine finds the folder that it shares with us, for reading and writing."""

INIT = f"""#!/bin/busybox sh
B=/bin/busybox
fail() {{ echo "vsnd-vm: $1"; $B poweroff -f; }}
$B mount -t proc proc /proc; $B mount -t sysfs sysfs /sys; $B mount -t devtmpfs devtmpfs /dev
for module in /modules/*; do $B insmod $module || fail "insmod $module"; done
see() {{ $B mount -t 9p -o trans=virtio,version=9p2000.L,msize=262144,$3 $1 $2 || fail "mount $1"; }}
see {ROOT_TAG} /lower ro,cache=loose
$B mount -t tmpfs tmpfs /upper && $B mkdir /upper/files /upper/work
$B mount -t overlay -o lowerdir=/lower,upperdir=/upper/files,workdir=/upper/work overlay /new || fail overlay
for place in proc sys dev; do $B mount --move /$place /new/$place; done
for place in dev/pts dev/shm run; do $B mkdir -p /new/$place; done
$B mount -t devpts devpts /new/dev/pts
for place in dev/shm run; do $B mount -t tmpfs tmpfs /new/$place; done
$B mkdir -p /new{SHARE} /new/lib/modules
see {MODULES_TAG} /new/lib/modules ro,cache=loose
see {SHARE_TAG} /new{SHARE} cache=none
exec $B chroot /new /bin/sh {SHARE}/init.sh
"""


def build_initramfs(kernel: Kernel) -> bytes:
    """The archive for this kernel.  Raises VmError when busybox is missing."""
    if not BUSYBOX.exists():
        raise VmError(f"{BUSYBOX} is missing: apt install busybox-static")
    archive = Archive()
    for folder in ("bin", "modules", "proc", "sys", "dev", "lower", "upper", "new"):
        archive.folder(folder)
    archive.file("bin/busybox", BUSYBOX.read_bytes(), executable=True)
    for number, module in enumerate(_in_order(kernel)):
        archive.file(f"modules/{number:02}-{module.name}", module.read_bytes())
    archive.file("init", INIT.encode(), executable=True)
    return archive.finish()


def _in_order(kernel: Kernel) -> list[Path]:
    """The modules and all that they need, each after what it needs."""
    root = kernel.modules.parents[1]
    found: dict[Path, None] = {}
    for name in MODULES:
        listed = run(["modprobe", "--dirname", str(root), "--set-version", kernel.version, "--show-depends", name])
        found.update({Path(line.split()[1]): None for line in listed.splitlines() if line.startswith("insmod")})
    return list(found)
