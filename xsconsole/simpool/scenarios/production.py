"""The second pool of the scenario `acme`: where customers are served, on storage and hosts of its own."""

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from xsconsole.simpool.pool import Pool
from xsconsole.simpool.scenarios.acme import DEFAULT_TEMPLATES, GUI_CONFIG, STAGES
from xsconsole.simpool.scenarios.inhabitants import Machine, make_template, settle
from xsconsole.simpool.scenarios.membership import STOOD, Standing, marks
from xsconsole.simpool.scenarios.site import GIB, TIB, Site, Storage, make_networks, make_pool, make_storage

HOST_NAME = "xen-p"
VLANS: Mapping[str, int] = MappingProxyType({"prod-dmz": 210, "prod-data": 220, "prod-backup": 230})

STORAGE = (
    Storage(
        name="SAN-platinum",
        type="lvmoiscsi",
        size_bytes=8 * TIB,
        description="Replicated block storage for production",
        device_config=(("target", "10.20.0.50"), ("targetIQN", "iqn.2026-01.example.acme:platinum"), ("port", "3260")),
    ),
    Storage(
        name="NFS-archive",
        type="nfs",
        size_bytes=16 * TIB,
        description="File storage for what is large and slow",
        device_config=(("server", "10.20.0.60"), ("serverpath", "/export/archive"), ("nfsversion", "4.1")),
    ),
    Storage(
        name="Local xen-p1",
        type="ext",
        size_bytes=500 * GIB,
        host="xen-p1",
        description="Disk in the host",
        device_config=(("device", "/dev/disk/by-id/scsi-local-part3"),),
    ),
)

_WEBSITE = (
    Machine(
        name="website-web.prd",
        description="Web server of website 9.1",
        memory_gib=4,
        disks_gib=(20,),
        sr="SAN-platinum",
        networks=("prod-dmz", "prod-data"),
        tags=("website",),
        host="xen-p1",
        is_static=True,
    ),
    Machine(
        name="website-db.prd",
        description="Database of website 9.1",
        memory_gib=8,
        vcpus=4,
        disks_gib=(20, 60),
        sr="SAN-platinum",
        networks=("prod-data",),
        tags=("website",),
        host="xen-p2",
        is_static=True,
    ),
)
_OTHERS = (
    Machine(
        name="dns-1",
        description="Names and addresses",
        memory_gib=1,
        vcpus=1,
        disks_gib=(8,),
        sr="SAN-platinum",
        networks=("prod-dmz",),
        tags=("infrastructure",),
        host="xen-p1",
        is_static=True,
    ),
    Machine(
        name="dns-2",
        description="Names and addresses, a second time",
        memory_gib=1,
        vcpus=1,
        disks_gib=(8,),
        sr="SAN-platinum",
        networks=("prod-dmz",),
        tags=("infrastructure",),
        host="xen-p3",
        is_static=True,
    ),
    Machine(
        name="mail",
        description="Mail of the company",
        memory_gib=8,
        vcpus=4,
        disks_gib=(30, 200),
        sr="SAN-platinum",
        networks=("prod-dmz", "prod-data"),
        tags=("24x7",),
        host="xen-p2",
        is_static=True,
    ),
    Machine(
        name="backup",
        description="Copies of what must not be lost; runs at night",
        memory_gib=4,
        disks_gib=(20, 500),
        sr="NFS-archive",
        networks=("prod-backup",),
        tags=("infrastructure",),
    ),
)
_GOLDEN = Machine(
    name="Debian 12 production",
    description="Debian 12 with agent, hardened",
    memory_gib=2,
    disks_gib=(10,),
    sr="NFS-archive",
    networks=("prod-data",),
    tags=("golden",),
)


def build(pool: Pool, hosts: int, vms: int) -> None:
    """Fill an empty pool; `vms` are always those of the scenario."""
    del vms
    by_name = make_pool(pool, "acme production", hosts, host_name=HOST_NAME)
    networks = make_networks(pool, by_name, VLANS)
    srs = {storage.name: make_storage(pool, by_name, storage) for storage in STORAGE}
    site = Site(hosts=by_name, networks=networks, srs=srs)
    default = srs["SAN-platinum"]
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
    make_template(pool, site, _GOLDEN, is_default=False)
    stage = STAGES["production"]
    standing = Standing(
        service="website",
        version="9.1",
        stage_id=stage.id,
        stage_name=stage.name,
        revision=4,
        entered_at=pool.clock.now() - STOOD,
    )
    marked = marks(pool.identities, standing, ("web", "db"))
    for machine, (uuid, own) in zip(_WEBSITE, marked.members.items(), strict=True):
        settle(pool, site, _placed(site, machine), uuid=uuid, other_config=own)
    for machine in _OTHERS:
        settle(pool, site, _placed(site, machine))
    pool.db.set(
        "pool",
        pool.ref,
        default_SR=default,
        suspend_image_SR=default,
        crash_dump_SR=default,
        gui_config=dict(GUI_CONFIG),
        other_config=pool.db.get("pool", pool.ref, "other_config") | {marked.key: marked.roster},
        name_description="Where the ACME company serves its customers",
    )


def _placed(site: Site, machine: Machine) -> Machine:
    """Return the machine on a host that the pool has, in case it has fewer than the scenario thinks of."""
    if not machine.host or machine.host in site.hosts:
        return machine
    return replace(machine, host=f"{HOST_NAME}1")
