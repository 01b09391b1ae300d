"""A machine's way from one embedded pool to the other, for the tests of moving with storage."""

from collections.abc import Iterator
from typing import Any

import pytest
import XenAPI
from embedded import EmbeddedPool, embedded_pools
from fleet import make_machine, until

GIB = 1 << 30


class Journey:
    """From the first pool to the second, with sessions at both."""

    def __init__(self, pools: tuple[EmbeddedPool, ...], here: Any, there: Any) -> None:
        self.pools = pools
        self.here = here.xenapi
        self.there = there.xenapi
        self.sessions = (here, there)

    def machine(self, name: str) -> str:
        return make_machine(self.sessions[0], name)

    def running(self, name: str) -> str:
        vm = self.machine(name)
        self.here.VM.start(vm, False, False)
        until(self.sessions[0], lambda: "migrate_send" in self.here.VM.get_allowed_operations(vm))
        return vm

    def dest(self, host: str = "xen-p1", network: str = "Management") -> dict[str, str]:
        ref = self.there.host.get_by_name_label(host)[0]
        found: dict[str, str] = self.there.host.migrate_receive(
            ref, self.there.network.get_by_name_label(network)[0], {}
        )
        return found

    def vdi_map(self, vm: str, sr: str = "NFS-archive") -> dict[str, str]:
        target = self.there.SR.get_by_name_label(sr)[0]
        return dict.fromkeys(self.disks(vm), target)

    def disks(self, vm: str) -> list[str]:
        vbds = [self.here.VBD.get_record(vbd) for vbd in self.here.VM.get_VBDs(vm)]
        return [vbd["VDI"] for vbd in vbds if vbd["type"] == "Disk"]

    def vif_map(self, vm: str, network: str = "prod-data") -> dict[str, str]:
        target = self.there.network.get_by_name_label(network)[0]
        return dict.fromkeys(self.here.VM.get_VIFs(vm), target)

    def arguments(self, vm: str, **options: str) -> tuple[Any, ...]:
        return vm, self.dest(), True, self.vdi_map(vm), self.vif_map(vm), options

    def macs(self, side: Any, vm: str) -> list[str]:
        return [side.VIF.get_MAC(vif) for vif in side.VM.get_VIFs(vm)]

    def space(self, side: Any) -> dict[str, tuple[str, str]]:
        return {
            sr: (record["physical_utilisation"], record["virtual_allocation"])
            for sr, record in side.SR.get_all_records().items()
        }


@pytest.fixture(scope="module")
def pools() -> Iterator[tuple[EmbeddedPool, ...]]:
    with embedded_pools("--speed", "50") as served:
        yield served


@pytest.fixture
def journey(pools: tuple[EmbeddedPool, ...]) -> Iterator[Journey]:
    with pools[0].plain_session() as here, pools[1].plain_session() as there:
        yield Journey(pools, here, there)
    for pool in pools:
        pool.control("clear")


def refusal(call: Any, *arguments: object) -> list[str]:
    with pytest.raises(XenAPI.Failure) as caught:
        call(*arguments)
    details: list[str] = caught.value.details
    return details


def assert_whole(side: Any) -> None:
    """Let pass a pool whose relations agree at both ends, and whose space adds up."""
    disks, vbds, vms = side.VDI.get_all_records(), side.VBD.get_all_records(), side.VM.get_all_records()
    vifs, networks = side.VIF.get_all_records(), side.network.get_all_records()
    for ref, vbd in vbds.items():
        assert ref in vms[vbd["VM"]]["VBDs"]
        assert vbd["VDI"] == "OpaqueRef:NULL" or ref in disks[vbd["VDI"]]["VBDs"]
    for ref, vif in vifs.items():
        assert ref in vms[vif["VM"]]["VIFs"]
        assert ref in networks[vif["network"]]["VIFs"]
    for vm in vms.values():
        assert set(vm["VBDs"]) <= set(vbds)
        assert set(vm["VIFs"]) <= set(vifs)
        assert vm["snapshot_of"] == "OpaqueRef:NULL" or vm["snapshot_of"] in vms
        assert vm["parent"] == "OpaqueRef:NULL" or vm["parent"] in vms
    for ref, sr in side.SR.get_all_records().items():
        if sr["content_type"] != "iso":
            own = [disk for disk in disks.values() if disk["SR"] == ref]
            assert int(sr["physical_utilisation"]) == sum(int(disk["physical_utilisation"]) for disk in own)
