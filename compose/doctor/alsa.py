"""ALSA: alsa-lib, its configuration and plugins, the binding, and cards that we may open."""

from collections.abc import Iterator

from compose.doctor.finding import Area, Finding
from compose.doctor.machine import Machine

ALSA = Area("alsa", "ALSA")
BINDING = Area("alsa", "pyalsaaudio")
CARDS = Area("alsa", "ALSA cards")
PLUGIN = Area("alsa", "ALSA's plugins")

CONFIGURATION = "/usr/share/alsa/alsa.conf"
PULSE_PLUGIN = "libasound_module_pcm_pulse.so"


def alsa(machine: Machine) -> Iterator[Finding]:
    """From the library down to the cards."""
    yield _library(machine)
    yield _configuration(machine)
    yield _binding(machine)
    yield _plugin(machine)
    yield from _cards(machine)


def _library(machine: Machine) -> Finding:
    if error := machine.probes.load_error("libasound.so.2"):
        mend = "apt install libasound2  # libasound2t64 since Debian 13 and Ubuntu 24.04"
        return ALSA.bad("alsa-lib", f"cannot be loaded: {error}", mend)
    return ALSA.good("alsa-lib", "libasound.so.2 is there")


def _configuration(machine: Machine) -> Finding:
    paths = machine.environ.get("ALSA_CONFIG_PATH", CONFIGURATION).split(":")
    missing = [path for path in paths if not machine.has(path)]
    if missing:
        text = f"{missing[0]} is missing: no PCM has a name"
        mend = "apt install libasound2-data" if missing[0] == CONFIGURATION else "unset ALSA_CONFIG_PATH"
        return ALSA.bad("configuration", text, mend)
    return ALSA.good("configuration", ":".join(paths))


def _binding(machine: Machine) -> Finding:
    if error := machine.probes.import_error("alsaaudio"):
        text = f"cannot be imported ({error}); alsa-lib through ctypes stands in, at twice the cost of each call"
        mend = "apt install gcc python3-dev libasound2-dev && pip install 'vsnd[alsa]'"
        return BINDING.bad("pyalsaaudio", text, mend)
    return BINDING.good("pyalsaaudio", machine.probes.version("pyalsaaudio"))


def _plugin(machine: Machine) -> Finding:
    folders = [machine.environ.get("ALSA_PLUGIN_DIR", ""), "/usr/lib/alsa-lib", "/usr/lib64/alsa-lib"]
    folders += [f"/usr/lib/{triplet}/alsa-lib" for triplet in machine.names("/usr/lib", "*-linux-gnu*")]
    for folder in filter(None, folders):
        if machine.has(f"{folder}/{PULSE_PLUGIN}"):
            return PLUGIN.good("plugins", f"{folder}/{PULSE_PLUGIN}")
    text = 'no plugin for sound servers: pcm = "pulse" cannot be opened'
    return PLUGIN.bad("plugins", text, "apt install libasound2-plugins")


def _cards(machine: Machine) -> Iterator[Finding]:
    controls = machine.names("/dev/snd", "controlC*")
    if not controls:
        yield _no_cards(machine)
        return
    for name in controls:
        if why := machine.denial(f"/dev/snd/{name}"):
            yield _denied(machine, name, why)
        else:
            yield CARDS.good(name, "may be opened")


def _no_cards(machine: Machine) -> Finding:
    if machine.in_container:
        text = "/dev/snd is not here: a container is given it, if its host has cards"
        return CARDS.bad("cards", text, "docker run --device /dev/snd ...")
    if machine.has("/proc/asound"):
        return CARDS.bad("cards", "the kernel knows of no card; it can have a virtual one", "sudo modprobe snd-aloop")
    text = "this kernel has no sound, or its modules are not loaded"
    return CARDS.bad("cards", text, "sudo modprobe snd-aloop  # in the package linux-image-amd64, not in -cloud")


def _denied(machine: Machine, name: str, why: str) -> Finding:
    audio = machine.group_id("audio")
    if machine.in_container:
        text = f"{why}; a container needs the device and the group that owns it"
        mend = 'docker run --device /dev/snd --group-add "$(getent group audio | cut -d: -f3)" ...  # on the host'
        return CARDS.bad(name, text, mend)
    if audio is not None and audio not in machine.group_ids:
        mend = 'sudo usermod -aG audio "$USER"  # and log in again'
        return CARDS.bad(name, f"{why}: we are not in the group audio", mend)
    return CARDS.bad(name, f"{why}, though we are in the group audio", "ls -l /dev/snd; sudo udevadm trigger")
