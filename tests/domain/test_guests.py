"""What a guest said of itself is so only while its machine is on."""

import pytest

from tests.domain.outline_values import vm
from tests.inventories import inventory_of
from xsconsole.domain.acts import Kind, ObjectId
from xsconsole.domain.board import EMPTY_BOARD
from xsconsole.domain.gates.judging import addresses_of
from xsconsole.domain.ids import Ref, Uuid
from xsconsole.domain.inventory import VIF, GuestMetrics
from xsconsole.domain.inventory_items import item_of
from xsconsole.domain.sheets.objects import sheet_of

ADDRESS = "10.0.0.7"


@pytest.mark.parametrize(
    ("state", "addresses"), [("Running", (ADDRESS,)), ("Paused", (ADDRESS,)), ("Halted", ()), ("Suspended", ())]
)
def test_a_machine_that_is_off_has_no_address_though_the_pool_keeps_what_its_guest_said_last(
    state: str, addresses: tuple[str, ...]
) -> None:
    guest = GuestMetrics(
        ref=Ref("guest"), uuid=Uuid("guest"), networks={"0/ip": ADDRESS}, os_version={"name": "Debian"}
    )
    nic = VIF(ref=Ref("nic"), uuid=Uuid("nic"), device="0", VM=Ref("OpaqueRef:web"))
    machine = vm("web", power_state=state, guest_metrics=guest.ref, VIFs=(nic.ref,))
    inventory = inventory_of(guest, machine, nic)

    item = item_of(inventory, "vm", machine.ref)
    sheet = sheet_of(ObjectId(kind=Kind.VM, uuid=machine.uuid), inventory, EMPTY_BOARD)
    assert sheet is not None
    lines = [line for section in sheet.sections for line in section.lines]

    assert item is not None
    assert (item.addresses, item.system) == (addresses, "Debian")
    assert tuple(line.value for line in lines if line.label == "Address") == addresses
    assert addresses_of(machine, inventory) == addresses
