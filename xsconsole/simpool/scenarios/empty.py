"""The scenario `empty`: a pool with storage and networks, and nothing that runs on it."""

from xsconsole.simpool.pool import Pool
from xsconsole.simpool.scenarios.acme import DEFAULT_TEMPLATES
from xsconsole.simpool.scenarios.inhabitants import Machine, make_template, settle
from xsconsole.simpool.scenarios.site import TIB, Site, Storage, make_networks, make_pool, make_storage

SHARED = Storage(name="Shared storage", type="nfs", size_bytes=64 * TIB)


def build(pool: Pool, hosts: int, vms: int) -> None:
    """Fill an empty pool with hosts, one SR, one network, the default templates and `vms` halted VMs."""
    by_name = make_pool(pool, "empty", hosts)
    networks = make_networks(pool, by_name, {})
    sr = make_storage(pool, by_name, SHARED)
    site = Site(hosts=by_name, networks=networks, srs={SHARED.name: sr})
    pool.db.set("pool", pool.ref, default_SR=sr, suspend_image_SR=sr, crash_dump_SR=sr)
    for name, system, memory_gib, vcpus, disks in DEFAULT_TEMPLATES:
        blank = Machine(
            name=name,
            description=f"Template for {name}",
            memory_gib=memory_gib,
            vcpus=vcpus,
            disks_gib=disks,
            system=system,
        )
        make_template(pool, site, blank, is_default=True)
    for number in range(1, vms + 1):
        machine = Machine(
            name=f"vm-{number:04}",
            description="",
            memory_gib=1,
            vcpus=1,
            disks_gib=(8,),
            sr=SHARED.name,
            networks=("Management",),
        )
        settle(pool, site, machine)
