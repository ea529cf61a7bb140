from pathlib import Path

from compose.doctor.finding import Answer
from compose.doctor.xen import DEVICES, STORE_SOCKETS, xen
from tests.compose.doctor.staged import StagedProbes, by_name, stage

XEN = {"/sys/hypervisor/type": "xen\n"}
DEV = {f"/dev/xen/{name}": "" for name in DEVICES}
DOM0 = XEN | DEV | {"/proc/xen/capabilities": "control_d\n", STORE_SOCKETS[0]: ""}


def test_dom0(tmp_path: Path) -> None:
    found = by_name(xen(stage(tmp_path, files=DOM0)))
    assert {finding.ok for finding in found.values()} == {Answer.YES}
    assert set(found) == {"hypervisor", "domain", "xenstored", *DEVICES}
    assert found["domain"].text == "Dom0"


def test_a_guest_has_no_xenstored_to_miss(tmp_path: Path) -> None:
    found = by_name(xen(stage(tmp_path, files=XEN | DEV | {"/proc/xen/capabilities": ""})))
    assert {finding.ok for finding in found.values()} == {Answer.YES}
    assert found["domain"].text == "a guest"
    assert "xenstored" not in found


def test_without_the_hypervisor_nothing_else_is_missed(tmp_path: Path) -> None:
    found = by_name(xen(stage(tmp_path, files={"/sys/hypervisor/type": "kvm"})))
    assert [(finding.name, finding.ok) for finding in found.values()] == [("hypervisor", Answer.NO)]


def test_each_device_has_its_module_and_its_user(tmp_path: Path) -> None:
    found = by_name(xen(stage(tmp_path, files=XEN)))
    assert {found[name].ok for name in DEVICES} == {Answer.NO}
    assert found["gntdev"].mend == "sudo modprobe xen-gntdev"
    assert found["gntdev"].needed_for == "a Xen backend"
    assert found["gntalloc"].needed_for == "a Xen frontend in user space"
    assert found["privcmd"].needed_for == "Xen's toolstack"
    assert found["xenbus"].mend == ""
    assert "mount -t xenfs" in found["domain"].mend


def test_devices_that_are_not_for_us(tmp_path: Path) -> None:
    found = by_name(xen(stage(tmp_path, files=DOM0, probes=StagedProbes(denied="Permission denied"))))["evtchn"]
    assert found.ok is Answer.NO
    assert "Permission denied" in found.text
    assert "/dev/xen/evtchn" in found.mend


def test_a_container_is_given_the_devices(tmp_path: Path) -> None:
    found = by_name(xen(stage(tmp_path, files={**XEN, "/.dockerenv": ""})))["gntdev"]
    assert found.mend == "docker run --device /dev/xen/gntdev ..."


def test_a_store_that_nobody_serves(tmp_path: Path) -> None:
    found = by_name(xen(stage(tmp_path, files=DOM0, probes=StagedProbes(unreachable="Connection refused"))))
    assert found["xenstored"].ok is Answer.NO
    assert "Connection refused" in found["xenstored"].text


def test_a_store_elsewhere(tmp_path: Path) -> None:
    found = by_name(xen(stage(tmp_path, files=DOM0 | {"/s": ""}, environ={"XENSTORED_PATH": "/s"})))["xenstored"]
    assert (found.ok, found.text) == (Answer.YES, "/s")
    missing = by_name(xen(stage(tmp_path, files=DOM0, environ={"XENSTORED_PATH": "/t"})))["xenstored"]
    assert missing.ok is Answer.NO
