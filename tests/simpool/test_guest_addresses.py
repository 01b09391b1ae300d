"""Where guests have their addresses: on their disks, from cloud-init, from a guest beside them, or from the site."""

import io
from typing import Any

import pycdlib
import pytest
from fleet import add_disk, until
from xva_files import MIB, Export, Import

from xsconsole.simpool.guest_disks import configured

NETPLAN = """
version: 2
ethernets:
  lan:
    match: {macaddress: "02:00:00:00:00:AA"}
    addresses: [10.1.0.5/24, "10.1.0.6/24"]
    gateway4: 10.1.0.1
    routes: [{to: 10.9.0.0/16, via: 10.1.0.2}]
    nameservers: {addresses: [10.1.0.53]}
  eth1:
    addresses:
      - 10.2.0.5/16
  eth2: {dhcp4: true}
"""
FIRST = """
version: 1
config:
- {type: physical, name: enX3, subnets: [{type: static, address: 10.3.0.5/24, gateway: 10.3.0.1}]}
- {type: physical, name: other, mac_address: "02:00:00:00:00:bb", subnets: [{type: static, address: 10.4.0.5/24}]}
"""


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (NETPLAN, {"0": ("10.1.0.5/24", "10.1.0.6/24"), "1": ("10.2.0.5/16",)}),
        (FIRST, {"3": ("10.3.0.5/24",)}),
        ('{"addresses": ["10.1.0.5/24"]', {}),
        ("", {}),
    ],
)
def test_cloud_init_takes_the_static_addresses_of_cards_that_are_there(
    text: str, found: dict[str, tuple[str, ...]]
) -> None:
    assert configured(text, {"02:00:00:00:00:aa": "0"}) == found


def test_a_static_address_goes_where_the_disk_goes_and_all_others_are_of_the_network(
    session: Any, export: Export, put: Import
) -> None:
    x = session.xenapi
    (source,), (asking,) = (x.VM.get_by_name_label(name) for name in ("payroll-app.prd", "build-1"))
    inside = x.network.create({"name_label": "inside", "name_description": "", "MTU": "1500", "other_config": {}})
    planned = told(x, source)["0/ip"]
    assert planned.startswith("10.220.")

    copies = []
    for vm in (source, asking):
        snapshot = x.VM.snapshot(vm, "frozen", [])
        copies.append(x.VM.clone(snapshot, "copy"))
        x.VM.set_is_a_template(copies[-1], False)
        x.VIF.move(x.VM.get_VIFs(copies[-1])[0], inside)
        x.VM.start(copies[-1], False, False)
    static, leased = copies
    assert first_told(session, static)["0/ip"] == planned
    assert x.VIF.get_MAC(x.VM.get_VIFs(static)[0]) != x.VIF.get_MAC(x.VM.get_VIFs(source)[0])
    assert list(first_told(session, leased)) == ["0/ipv6/0"]  # nobody gives any there

    beside = x.VM.clone(x.VM.get_by_name_label("Debian 12 golden")[0], "gives addresses")
    x.VM.set_is_a_template(beside, False)
    x.VIF.move(x.VM.get_VIFs(beside)[0], inside)
    mac, own = (x.VIF.get_MAC(x.VM.get_VIFs(vm)[0]) for vm in (leased, beside))
    disk = add_disk(session, beside, "NFS-silver", 2 * MIB)
    image = volume(f"#cloud-config\n# dhcp-host={mac.upper()},10.7.0.9,43200\n", f"{own}: [10.7.0.1/24]")
    assert put(image, "/import_raw_vdi", vdi=disk).record["status"] == "success"
    x.VM.start(beside, False, False)
    assert first_told(session, beside)["0/ip"] == "10.7.0.1"
    x.VM.hard_reboot(leased)
    until(session, lambda: told(x, leased).get("0/ip") == "10.7.0.9")

    x.VM.hard_shutdown(static)
    (again,) = put(export(static)).vms
    x.VM.start(again, False, False)
    assert first_told(session, again)["0/ip"] == planned


def told(x: Any, vm: str) -> dict[str, str]:
    metrics = x.VM.get_guest_metrics(vm)
    found: dict[str, str] = {} if metrics.endswith("NULL") else x.VM_guest_metrics.get_networks(metrics)
    return found


def first_told(session: Any, vm: str) -> dict[str, str]:
    until(session, lambda: bool(told(session.xenapi, vm)))
    return told(session.xenapi, vm)


def volume(user_data: str, network_config: str) -> bytes:
    """Return a disk as cloud-init looks for it."""
    made, written = pycdlib.PyCdlib(), io.BytesIO()
    made.new(vol_ident="cidata", joliet=3)
    for number, (name, text) in enumerate((("user-data", user_data), ("network-config", network_config))):
        made.add_fp(io.BytesIO(text.encode()), len(text), f"/{number}.;1", joliet_path=f"/{name}")
    made.write_fp(written)
    made.close()
    return written.getvalue()
