"""The toolstack's part: the nodes libxl makes, who owns them, and what is left when a guest comes and goes."""

from dataclasses import replace

import pytest

from compose.byhand import default_card
from compose.toolstack import Attachment, attach, attach_missing, detach, remove
from hosts.api import HostError
from hosts.sim.machine import SimMachine
from hosts.snapshot import read_tree
from ringproto.card import NODE_NAMES, parse_card

ATTACHMENT = Attachment(3, default_card())


def test_both_directories_point_at_each_other() -> None:
    store = SimMachine().host(0).store
    attach(store, ATTACHMENT)
    assert store.read("backend/vsnd/3/0/frontend") == "/local/domain/3/device/vsnd/0"
    assert store.read("/local/domain/3/device/vsnd/0/backend") == "/local/domain/0/backend/vsnd/3/0"
    assert store.read("backend/vsnd/3/0/frontend-id") == "3"
    assert store.read("/local/domain/3/device/vsnd/0/backend-id") == "0"
    assert store.read("backend/vsnd/3/0/online") == "1"
    assert store.read("backend/vsnd/3/0/state") == store.read("/local/domain/3/device/vsnd/0/state") == "1"


def test_the_guest_reads_the_card_that_was_given() -> None:
    machine = SimMachine()
    attach(machine.host(0).store, ATTACHMENT)
    guest = machine.host(3)
    assert parse_card(read_tree(guest.store, "device/vsnd/0", NODE_NAMES)) == default_card()
    guest.store.write("device/vsnd/0/state", "3")
    assert guest.store.read("/local/domain/0/backend/vsnd/3/0/state") == "1"


def test_a_guest_is_named_when_it_has_a_name_and_cannot_rename_itself() -> None:
    machine = SimMachine()
    store, guest = machine.host(0).store, machine.host(3)
    attach(store, ATTACHMENT)
    assert store.read("/local/domain/3/name") is None
    attach(store, replace(ATTACHMENT, name="radio"))
    assert guest.store.read("name") == "radio"
    with pytest.raises(HostError):
        guest.store.write("name", "dom0")


def test_detaching_asks_and_removing_takes_away() -> None:
    store = SimMachine().host(0).store
    attach(store, ATTACHMENT)
    detach(store, ATTACHMENT)
    assert (store.read("backend/vsnd/3/0/online"), store.read("backend/vsnd/3/0/state")) == ("0", "5")
    remove(store, ATTACHMENT)
    assert store.read("backend/vsnd/3/0") is None
    assert store.read("/local/domain/3/device/vsnd/0") is None


@pytest.mark.parametrize("is_first", [True, False], ids=["before it was there", "while it is"])
def test_a_guest_sees_that_its_card_is_gone(is_first: bool) -> None:
    machine = SimMachine()
    store = machine.host(0).store
    if not is_first:
        machine.host(3)
    attach(store, ATTACHMENT)
    guest = machine.host(3) if is_first else machine.hosts[3]
    remove(store, ATTACHMENT)
    assert guest.store.read("device/vsnd/0/backend") is None
    with pytest.raises(HostError, match="may not"):
        guest.store.write("device/vsnd/0/state", "1")


def test_a_guest_that_went_finds_a_new_card() -> None:
    machine = SimMachine()
    store = machine.host(0).store
    attach(store, ATTACHMENT)
    machine.host(3).close()
    assert store.read("/local/domain/3/device/vsnd/0/backend") is None
    attach_missing(store, [ATTACHMENT])
    assert store.read("/local/domain/3/device/vsnd/0/state") == "1"
    store.write("/local/domain/3/device/vsnd/0/state", "4")
    attach_missing(store, [ATTACHMENT])
    assert store.read("/local/domain/3/device/vsnd/0/state") == "4", "what is there is left alone"
