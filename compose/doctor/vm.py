"""The virtual machine that kernels, cards and Xen itself are tested in: QEMU, and what its first files are made of."""

from collections.abc import Iterator
from pathlib import Path

from compose.doctor.finding import Area, Finding
from compose.doctor.machine import Machine
from compose.vm.initramfs import BUSYBOX
from compose.vm.machine import QEMU

VM = Area("vm", "the QEMU test machine")
PROGRAMS = {
    QEMU: "qemu-system-x86",
    "modprobe": "kmod",
    "depmod": "kmod",
    "apt-get": "apt",
    "dpkg-deb": "dpkg",
}
"""Each with its package."""
DYNAMIC_LOADER = b"/ld-linux"
"""A program that names it near its beginning is linked dynamically."""


def vm(machine: Machine) -> Iterator[Finding]:
    """Programs, busybox, kernel, and how fast it will be."""
    for program, package in PROGRAMS.items():
        if machine.program(program):
            yield VM.good(program, "is there")
        else:
            yield VM.bad(program, "is missing", f"apt install {package}")
    yield _busybox(machine)
    yield _cpio(machine)
    yield _kernel(machine)
    yield _acceleration(machine)


def _busybox(machine: Machine) -> Finding:
    try:
        with machine.path(BUSYBOX).open("rb") as file:
            beginning = file.read(4096)
    except OSError:
        return VM.bad("busybox", f"{BUSYBOX} is missing", "apt install busybox-static")
    if DYNAMIC_LOADER in beginning:
        return VM.bad("busybox", f"{BUSYBOX} is linked dynamically", "apt install busybox-static")
    return VM.good("busybox", f"{BUSYBOX}, static")


def _cpio(machine: Machine) -> Finding:
    if machine.program("cpio"):
        return VM.good("cpio", "is there")
    return VM.note("cpio", "is missing; only a test of archives wants it", "apt install cpio")


def _kernel(machine: Machine) -> Finding:
    cache = Path(machine.environ.get("XDG_CACHE_HOME") or f"{machine.home}/.cache") / "vsnd"
    kernels = machine.names(str(cache), "linux-image-*")
    if kernels:
        return VM.good("kernel", f"{kernels[-1]}, fetched")
    return VM.note(
        "kernel", "none yet; the first run fetches one (70 MB)", "sudo apt-get update  # so that it finds it"
    )


def _acceleration(machine: Machine) -> Finding:
    text = "tcg: the processor is emulated in software"
    return VM.good("acceleration", f"{text}, though /dev/kvm is here" if machine.has("/dev/kvm") else text)
