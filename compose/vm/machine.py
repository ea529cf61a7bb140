"""Running a command in a virtual machine: another kernel, other hardware, the same files.

QEMU emulates the processor in software (`tcg`), since hardware help is absent on many machines, and on some hangs when
it is tried.  A machine boots in about three seconds, runs its one command, and is gone.

With `steady_time` the machine's clock counts executed instructions (`-icount`) instead of following this machine's:
for timing that does not depend on what else runs here.  Such a machine has one processor.
"""

import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from compose.vm.api import VmError
from compose.vm.initramfs import MODULES_TAG, ROOT_TAG, SHARE, SHARE_TAG, build_initramfs
from compose.vm.kernel import Kernel

QEMU = "qemu-system-x86_64"

HDA = ("-device", "intel-hda", "-device", "hda-duplex,audiodev=sound,mixer=off", "-audiodev", "none,id=sound")
"""An Intel HDA card that plays into the void and records silence, with real interrupts."""

INIT_SH = """ip link set lo up 2>/dev/null || /bin/busybox ip link set lo up
{modprobe}
cd {cwd}
{command} >{share}/output 2>&1 </dev/null
echo $? >{share}/status
sync
echo o >/proc/sysrq-trigger
sleep 60
"""


@dataclass(frozen=True, slots=True)
class Done:
    """What came of a command."""

    status: int
    output: str
    """What it said, on stdout and stderr."""


@dataclass(frozen=True, slots=True)
class VirtualMachine:
    """How machines are made; each `run` is a fresh one."""

    kernel: Kernel
    modules: tuple[str, ...] = ()
    """Loaded before the command runs, with their parameters: "snd-aloop pcm_substreams=2"."""
    devices: tuple[str, ...] = ()
    """Hardware, in QEMU's words."""
    memory_mib: int = 1024
    steady_time: bool = False

    def run(self, command: Sequence[str], share: Path, timeout_s: float = 120.0) -> Done:
        """Run `command` as root, in our working directory, with `share` at /run/vsnd.

        Raises VmError when the machine does not start, crashes, or is not done in time: it is ended then.
        """
        if shutil.which(QEMU) is None:
            raise VmError(f"{QEMU} is missing: apt install qemu-system-x86")
        for name in ("output", "status"):
            (share / name).unlink(missing_ok=True)
        modprobe = "\n".join(f"modprobe {module} || exit" for module in self.modules)
        (share / "init.sh").write_text(
            INIT_SH.format(
                modprobe=modprobe, cwd=shlex.quote(str(Path.cwd())), command=shlex.join(command), share=SHARE
            )
        )
        with tempfile.TemporaryDirectory(prefix="vsnd-vm-") as scratch:
            initramfs = Path(scratch) / "initramfs"
            initramfs.write_bytes(build_initramfs(self.kernel))
            console = self._boot(initramfs, share, timeout_s)
        return _outcome(share, console)

    def _boot(self, initramfs: Path, share: Path, timeout_s: float) -> str:
        arguments = [*self._hardware(), *self._files(share), *self.devices]
        arguments += ["-kernel", str(self.kernel.image), "-initrd", str(initramfs)]
        arguments += ["-append", "console=ttyS0 rdinit=/init quiet panic=-1"]
        try:
            done = subprocess.run(  # noqa: S603  # our own words
                [QEMU, *arguments],
                stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired as expired:
            said = (expired.stdout or b"").decode(errors="replace")
            raise VmError(f"the virtual machine was not done in {timeout_s:g} s; {_last_line(said)}") from expired
        if done.returncode:
            raise VmError(f"{QEMU} failed: {_last_line(done.stderr.decode(errors='replace'))}")
        return done.stdout.decode(errors="replace")

    def _hardware(self) -> list[str]:
        clock = ["-accel", "tcg", "-icount", "shift=0", "-smp", "1"]
        if not self.steady_time:
            clock = ["-accel", "tcg,thread=multi", "-smp", "2"]
        plain = ["-nodefaults", "-nographic", "-no-reboot", "-serial", "stdio", "-monitor", "none"]
        return [*clock, "-cpu", "max", "-m", str(self.memory_mib), *plain]

    def _files(self, share: Path) -> list[str]:
        arguments: list[str] = []
        for path, tag, options in (
            (Path("/"), ROOT_TAG, "readonly=on,multidevs=remap"),
            (self.kernel.modules, MODULES_TAG, "readonly=on"),
            (share, SHARE_TAG, "readonly=off"),
        ):
            arguments += ["-virtfs", f"local,path={path},mount_tag={tag},security_model=none,{options}"]
        return arguments


def _outcome(share: Path, console: str) -> Done:
    status, output = share / "status", share / "output"
    if not status.exists():
        raise VmError(f"the virtual machine died: {_last_line(console)}")
    return Done(int(status.read_text()), output.read_text(errors="replace"))


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "Kernel panic" in line or line.startswith("vsnd-vm:")] or lines
    return f"its last word: {telling[-1][-200:]}" if lines else "it said nothing"
