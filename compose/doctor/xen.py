"""Xen: which domain we are, the kernel's devices for it, and the store.

A backend maps grants (gntdev), binds event channels (evtchn) and reads the store (its socket, or xenbus).  A frontend
in user space also grants pages of its own (gntalloc); the toolstack makes hypercalls (privcmd), vsnd makes none.
"""

from collections.abc import Iterator

from compose.doctor.finding import Area, Finding
from compose.doctor.machine import Machine

BACKEND = Area("xen", "a Xen backend")
FRONTEND = Area("xen", "a Xen frontend in user space")
TOOLSTACK = Area("xen", "Xen's toolstack")

DEVICES = {
    "gntdev": (BACKEND, "xen-gntdev"),
    "evtchn": (BACKEND, "xen-evtchn"),
    "xenbus": (BACKEND, ""),
    "gntalloc": (FRONTEND, "xen-gntalloc"),
    "privcmd": (TOOLSTACK, "xen-privcmd"),
}
"""By name in /dev/xen: who needs it, and the kernel's module that makes it, if it is one."""
STORE_SOCKETS = ("/run/xenstored/socket", "/var/run/xenstored/socket")


def xen(machine: Machine) -> Iterator[Finding]:
    """Only the hypervisor's absence, where it is absent."""
    if machine.text("/sys/hypervisor/type") != "xen" and not machine.has("/dev/xen"):
        text = "not here: `vsnd host` stands in for it"
        yield BACKEND.bad("hypervisor", text, "apt install xen-system-amd64  # on hardware, and boot it")
        return
    yield BACKEND.good("hypervisor", "Xen")
    is_dom0 = "control_d" in machine.text("/proc/xen/capabilities")
    yield _domain(machine, is_dom0=is_dom0)
    for name, (area, module) in DEVICES.items():
        yield _device(machine, area, name, module)
    if is_dom0:
        yield _store(machine)


def _domain(machine: Machine, *, is_dom0: bool) -> Finding:
    if not machine.has("/proc/xen/capabilities"):
        text = "/proc/xen is empty, so nobody knows which domain this is"
        return TOOLSTACK.bad("domain", text, "sudo mount -t xenfs xenfs /proc/xen")
    return BACKEND.good("domain", "Dom0" if is_dom0 else "a guest")


def _device(machine: Machine, area: Area, name: str, module: str) -> Finding:
    path = f"/dev/xen/{name}"
    why = machine.denial(path) if machine.has(path) else "is missing"
    if not why:
        return area.good(name, path)
    if machine.in_container:
        return area.bad(name, f"{path}: {why}", f"docker run --device {path} ...")
    if machine.has(path):
        return area.bad(name, f"{path}: {why}", f'sudo setfacl -m "u:$USER:rw" {path}')
    if not module:
        return area.bad(name, f"{path} is missing: the kernel has it built in, or not at all")
    return area.bad(name, f"{path} is missing", f"sudo modprobe {module}")


def _store(machine: Machine) -> Finding:
    named = machine.environ.get("XENSTORED_PATH")
    path = next((path for path in ([named] if named else STORE_SOCKETS) if machine.has(path)), "")
    why = machine.probes.connect_error(machine.path(path)) if path else "no socket"
    if why:
        return BACKEND.bad("xenstored", f"{path or STORE_SOCKETS[0]}: {why}", "sudo systemctl start xenstored")
    return BACKEND.good("xenstored", path)
