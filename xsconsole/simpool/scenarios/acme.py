"""The scenario `acme`: three services on their way from integration to production, and VMs that belong to none."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from xsconsole.simpool.pool import Pool
from xsconsole.simpool.scenarios.inhabitants import Machine, make_template, settle
from xsconsole.simpool.scenarios.membership import STOOD, Standing, marks
from xsconsole.simpool.scenarios.site import GIB, TIB, Site, Storage, make_networks, make_pool, make_storage

VLANS: Mapping[str, int] = MappingProxyType(
    {"int-net": 110, "test-net": 120, "stage-net": 130, "prod-dmz": 210, "prod-data": 220}
)

STORAGE = (
    Storage(
        name="SAN-gold",
        type="lvmoiscsi",
        size_bytes=4 * TIB,
        description="Replicated block storage for staging and production",
        device_config=(("target", "10.10.0.50"), ("targetIQN", "iqn.2026-01.example.acme:gold"), ("port", "3260")),
    ),
    Storage(
        name="NFS-silver",
        type="nfs",
        size_bytes=8 * TIB,
        description="File storage for integration and tests",
        device_config=(("server", "10.10.0.60"), ("serverpath", "/export/silver"), ("nfsversion", "4.1")),
    ),
    Storage(
        name="Local xen-1",
        type="ext",
        size_bytes=500 * GIB,
        host="xen-1",
        description="Disk in the host",
        device_config=(("device", "/dev/disk/by-id/scsi-local-part3"),),
    ),
)
LIBRARY = Storage(
    name="ISO library",
    type="iso",
    size_bytes=200 * GIB,
    content_type="iso",
    description="Discs to install from",
    device_config=(("location", "10.10.0.60:/export/iso"),),
)
DISCS = MappingProxyType(
    {"debian-12.8.0-amd64-netinst.iso": 659_554_304, "Rocky-9.4-x86_64-minimal.iso": 1_829_634_048}
)

GUI_CONFIG = MappingProxyType(
    {
        "XenCenter.CustomFields": "<CustomFieldDefinitions>"
        '<CustomFieldDefinition name="Owner" type="String" defaultValue=""/>'
        '<CustomFieldDefinition name="Stage" type="String" defaultValue=""/>'
        "</CustomFieldDefinitions>"
    }
)

DEFAULT_TEMPLATES = (
    ("Debian Bookworm 12", "debian-12", 2, 1, (10,)),
    ("Ubuntu Noble Numbat 24.04", "ubuntu-24-04", 4, 2, (20,)),
    ("Rocky Linux 9", "rocky-9", 4, 2, (20,)),
    ("Windows Server 2022 (64-bit)", "windows-server-2022-64bit", 4, 2, (64,)),
    ("Other install media", "other-install-media", 0.25, 1, ()),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """What one role of a service needs, in every stage."""

    role: str
    description: str
    memory_gib: int
    vcpus: int
    disks_gib: tuple[int, ...]
    is_exposed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Where a configuration stands: its name, and where its VMs live; `is_static`: with addresses of their own."""

    id: str
    name: str
    suffix: str
    sr: str
    networks: tuple[str, ...]
    exposed_networks: tuple[str, ...]
    is_static: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Configuration:
    """One version of a service in a stage. `hosts` are taken in turn by the members; without hosts they are halted."""

    service: str
    version: str
    stage: str
    hosts: tuple[str, ...] = ()
    revision: int = 1


SERVICES: Mapping[str, tuple[Member, ...]] = MappingProxyType(
    {
        "shop": (
            Member(role="lb", description="Load balancer", memory_gib=2, vcpus=2, disks_gib=(10,), is_exposed=True),
            Member(role="web-1", description="Web server", memory_gib=4, vcpus=2, disks_gib=(20,)),
            Member(role="web-2", description="Web server", memory_gib=4, vcpus=2, disks_gib=(20,)),
            Member(role="db", description="PostgreSQL", memory_gib=8, vcpus=4, disks_gib=(20, 80)),
        ),
        "crm": (
            Member(role="app", description="CRM application", memory_gib=4, vcpus=2, disks_gib=(30,), is_exposed=True),
            Member(role="db", description="CRM database", memory_gib=6, vcpus=2, disks_gib=(20, 60)),
        ),
        "payroll": (
            Member(role="app", description="Payroll application", memory_gib=4, vcpus=2, disks_gib=(25,)),
            Member(role="db", description="Payroll database", memory_gib=4, vcpus=2, disks_gib=(40,)),
        ),
    }
)

_LIST = (
    Stage(
        id="integration",
        name="Integration",
        suffix="int",
        sr="NFS-silver",
        networks=("int-net",),
        exposed_networks=("int-net",),
    ),
    Stage(
        id="patch-testing",
        name="Patch testing",
        suffix="pt",
        sr="NFS-silver",
        networks=("test-net",),
        exposed_networks=("test-net",),
    ),
    Stage(
        id="staging",
        name="Staging",
        suffix="stg",
        sr="SAN-gold",
        networks=("stage-net",),
        exposed_networks=("stage-net",),
        is_static=True,
    ),
    Stage(
        id="production",
        name="Production",
        suffix="prd",
        sr="SAN-gold",
        networks=("prod-data",),
        exposed_networks=("prod-dmz", "prod-data"),
        is_static=True,
    ),
)
STAGES: Mapping[str, Stage] = MappingProxyType({stage.id: stage for stage in _LIST})

CONFIGURATIONS = (
    Configuration(service="shop", version="1.4.0", stage="integration", hosts=("xen-1", "xen-2"), revision=2),
    Configuration(service="crm", version="7.2-rc1", stage="integration", hosts=("xen-3",)),
    Configuration(service="payroll", version="2026.5", stage="integration", hosts=("xen-4",)),
    Configuration(service="crm", version="7.1+KB5031", stage="patch-testing", hosts=("xen-4",), revision=2),
    Configuration(service="payroll", version="2026.4", stage="patch-testing", revision=3),
    Configuration(
        service="shop",
        version="1.3.0",
        stage="staging",
        hosts=("xen-1", "xen-2", "xen-3", "xen-4"),
        revision=3,
    ),
    Configuration(service="crm", version="7.1.1", stage="staging", hosts=("xen-2", "xen-3"), revision=3),
    Configuration(service="crm", version="7.1", stage="production", hosts=("xen-3", "xen-1"), revision=5),
    Configuration(service="payroll", version="2026.3", stage="production", hosts=("xen-2", "xen-4"), revision=7),
)

STRAYS = (
    Machine(
        name="jumpbox",
        description="The way in for administrators",
        memory_gib=2,
        disks_gib=(15,),
        networks=("Management",),
        tags=("infrastructure",),
        host="xen-1",
    ),
    Machine(
        name="monitoring",
        description="Metrics and alerts",
        memory_gib=4,
        disks_gib=(40,),
        networks=("Management",),
        tags=("infrastructure",),
        host="xen-3",
    ),
    Machine(
        name="build-1",
        description="Build agent",
        memory_gib=8,
        vcpus=4,
        disks_gib=(60,),
        sr="NFS-silver",
        networks=("int-net",),
        tags=("build",),
        host="xen-4",
    ),
    Machine(
        name="build-2",
        description="Build agent, for when there is much to do",
        memory_gib=8,
        vcpus=4,
        disks_gib=(60,),
        sr="NFS-silver",
        networks=("int-net",),
        tags=("build",),
    ),
    Machine(
        name="old-wiki",
        description="Read-only since 2024; nobody dares to delete it",
        memory_gib=2,
        disks_gib=(30,),
        sr="Local xen-1",
        networks=("stage-net",),
        tags=("legacy",),
    ),
)

CUSTOM_TEMPLATES = (
    Machine(
        name="Debian 12 golden",
        description="Debian 12 with agent, monitoring and our certificates",
        memory_gib=2,
        disks_gib=(10,),
        sr="NFS-silver",
        networks=("int-net",),
        tags=("golden",),
    ),
    Machine(
        name="payroll-2tier",
        description="Base of the payroll machines",
        memory_gib=4,
        disks_gib=(25,),
        sr="NFS-silver",
        networks=("int-net",),
        tags=("payroll",),
    ),
)


def build(pool: Pool, hosts: int, vms: int) -> None:
    """Fill an empty pool; `vms` beyond those of the scenario are halted ones without a configuration."""
    by_name = make_pool(pool, "acme", hosts)
    networks = make_networks(pool, by_name, VLANS)
    srs = {storage.name: make_storage(pool, by_name, storage) for storage in STORAGE}
    site = Site(hosts=by_name, networks=networks, srs=srs)
    _make_library(pool, site)
    gold = srs["SAN-gold"]
    pool.db.set(
        "pool",
        pool.ref,
        default_SR=gold,
        suspend_image_SR=gold,
        crash_dump_SR=gold,
        gui_config=dict(GUI_CONFIG),
        name_description="Services of the ACME company",
    )
    for name, system, memory_gib, vcpus, disks in DEFAULT_TEMPLATES:
        description = f"Template for {name}"
        blank = Machine(
            name=name, description=description, memory_gib=memory_gib, vcpus=vcpus, disks_gib=disks, system=system
        )
        make_template(pool, site, blank, is_default=True)
    for machine in CUSTOM_TEMPLATES:
        make_template(pool, site, machine, is_default=False)
    for configuration in CONFIGURATIONS:
        _settle_configuration(pool, site, configuration)
    for machine in STRAYS:
        settle(pool, site, _placed(site, machine))
    _add_spares(pool, site, vms)


def _make_library(pool: Pool, site: Site) -> None:
    library = make_storage(pool, site.hosts, LIBRARY)
    for name, size_bytes in DISCS.items():
        disc = pool.db.create(
            "VDI",
            SR=library,
            name_label=name,
            location=name,
            virtual_size=size_bytes,
            physical_utilisation=size_bytes,
            type="user",
            read_only=True,
            managed=True,
        )
        pool.refresh_allowed_operations("VDI", disc)
    total = sum(DISCS.values())
    pool.db.set("SR", library, physical_utilisation=total, virtual_allocation=total)


def _settle_configuration(pool: Pool, site: Site, configuration: Configuration) -> None:
    members, stage = SERVICES[configuration.service], STAGES[configuration.stage]
    standing = Standing(
        service=configuration.service,
        version=configuration.version,
        stage_id=stage.id,
        stage_name=stage.name,
        revision=configuration.revision,
        entered_at=pool.clock.now() - STOOD,
    )
    marked = marks(pool.identities, standing, tuple(member.role for member in members))
    for number, (member, (uuid, own)) in enumerate(zip(members, marked.members.items(), strict=True)):
        machine = Machine(
            name=f"{configuration.service}-{member.role}.{stage.suffix}",
            description=f"{member.description} of {configuration.service} {configuration.version}",
            memory_gib=member.memory_gib,
            vcpus=member.vcpus,
            disks_gib=member.disks_gib,
            sr=stage.sr,
            networks=stage.exposed_networks if member.is_exposed else stage.networks,
            tags=(configuration.service,),
            host=configuration.hosts[number % len(configuration.hosts)] if configuration.hosts else "",
            is_static=stage.is_static,
        )
        settle(pool, site, _placed(site, machine), uuid=uuid, other_config=own)
    pool.db.add_to_map("pool", pool.ref, "other_config", marked.key, marked.roster)


def _add_spares(pool: Pool, site: Site, vms: int) -> None:
    """Add halted VMs until there are `vms`, templates and control domains not counted."""
    present = sum(not row["is_a_template"] and not row["is_control_domain"] for _ref, row in pool.db.rows("VM"))
    for number in range(1, vms - present + 1):
        spare = Machine(
            name=f"spare-{number:04}",
            description="",
            memory_gib=1,
            vcpus=1,
            disks_gib=(8,),
            sr="NFS-silver",
            networks=("int-net",),
        )
        settle(pool, site, spare)


def _placed(site: Site, machine: Machine) -> Machine:
    """Return the machine on a host that the pool has, in case it has fewer than the scenario thinks of."""
    if not machine.host or machine.host in site.hosts:
        return machine
    return replace(machine, host="xen-1")
