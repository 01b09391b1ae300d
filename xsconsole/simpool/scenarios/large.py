"""The scenario `large`: as many VMs as wished, as a company has them that has used virtual machines for ten years."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta

from xsconsole.simpool import messages, placement, storage
from xsconsole.simpool.model import NULL
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.scenarios.acme import DEFAULT_TEMPLATES, GUI_CONFIG, STAGES
from xsconsole.simpool.scenarios.casting import Casting, Mould
from xsconsole.simpool.scenarios.inhabitants import Machine, make_template, settle
from xsconsole.simpool.scenarios.membership import STOOD, Marks, Standing, marks
from xsconsole.simpool.scenarios.site import GIB, TIB, Site, Storage, make_networks, make_pool, make_storage
from xsconsole.simpool.snapshots import record_snapshot

VMS = 2_000

FILES, BLOCKS = 12, 4
SR_BYTES = 256 * TIB
LOCAL_BYTES = 2 * TIB
NETWORKS = 24
VMS_PER_APPLIANCE = 8
SNAPSHOT_EVERY = 9
HALTED_EVERY = 4
APPLIANCE_EVERY = 3
CONFIGURATIONS = 48
KEPT_MESSAGES = 500

_SERVICES = (
    *("orders", "billing", "search", "crm", "payroll", "mail", "wiki", "tickets", "reports", "catalog", "identity"),
    *("shipping", "stock", "pricing", "portal", "analytics", "archive", "build", "desktop", "telemetry"),
)
_CARE = ("backup-daily", "backup-weekly", "pci", "legacy", "gold", "do-not-touch", "cost-center-17", "24x7")
_SITES = ("North", "South", "Lab")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Machines of one shape. `share` is how many of a hundred are of it."""

    role: str
    description: str
    share: int
    memory_gib: int
    vcpus: int
    disks_gib: tuple[int, ...]
    interfaces: int = 1
    is_on_blocks: bool = False
    system: str = "debian-12"


KINDS = (
    Kind(role="web", description="Web server", share=28, memory_gib=4, vcpus=2, disks_gib=(20,)),
    Kind(role="app", description="Application server", share=26, memory_gib=8, vcpus=4, disks_gib=(30, 20)),
    Kind(
        role="db", description="Database", share=14, memory_gib=8, vcpus=4, disks_gib=(20, 100, 40), is_on_blocks=True
    ),
    Kind(role="lb", description="Load balancer", share=6, memory_gib=2, vcpus=2, disks_gib=(10,), interfaces=2),
    Kind(role="queue", description="Message broker", share=8, memory_gib=4, vcpus=2, disks_gib=(20, 40)),
    Kind(
        role="desk",
        description="Windows desktop",
        share=18,
        memory_gib=8,
        vcpus=2,
        disks_gib=(64,),
        system="windows-server-2022-64bit",
    ),
)
_MEMBERS = ("lb", "web", "app", "db")


class _Fleet:
    """The VMs while they are being made, and what has to be known of those before."""

    def __init__(self, pool: Pool, site: Site) -> None:
        self.pool = pool
        self.site = site
        self._moulds: dict[tuple[Kind, bool, bool, bool], Mould] = {}
        self._hosts = tuple(site.hosts.items())
        self._files = tuple(name for name in site.srs if name.startswith("NFS"))
        self._blocks = tuple(name for name in site.srs if name.startswith("SAN"))
        self._networks = tuple(name for name in site.networks if name != "Management")
        self._domids = dict.fromkeys(site.hosts, 1)
        self._appliance = NULL

    def add(self, number: int, kind: Kind, marked: Marks | None, uuid: str, standing: Standing | None) -> None:
        """Make one more VM; `number` decides what it is like, as far as chance does not."""
        pool, chance = self.pool, self.pool.random
        service = standing.service if standing is not None else chance.choice(_SERVICES)
        stage = STAGES[standing.stage_id] if standing is not None else chance.choice(tuple(STAGES.values()))
        is_running, has_snapshot = number % HALTED_EVERY != 0, number % SNAPSHOT_EVERY == 0
        host_name, host = self._hosts[number % len(self._hosts)]
        networks = chance.sample(self._networks, kind.interfaces)
        sr = chance.choice(self._blocks if kind.is_on_blocks else self._files)
        name = f"{service}-{kind.role}-{number:05}.{stage.suffix}"
        description = f"{kind.description} of {service}, {stage.name}"
        tags = (service, kind.role, *chance.sample(_CARE, number % 3))
        config = dict(marked.members[uuid]) if marked is not None else {}
        config["folder"] = f"/{chance.choice(_SITES)}/{service.capitalize()}"
        appliance, order = self._appliance_for(number, service), number % VMS_PER_APPLIANCE
        key = (kind, is_running, has_snapshot, appliance != NULL)
        if key not in self._moulds:
            machine = Machine(
                name=name,
                description=description,
                memory_gib=kind.memory_gib,
                vcpus=kind.vcpus,
                disks_gib=kind.disks_gib,
                sr=sr,
                networks=tuple(networks),
                tags=tags,
                system=kind.system,
                host=host_name if is_running else "",
            )
            vm = settle(pool, self.site, machine, uuid=uuid, other_config=config)
            pool.db.set("VM", vm, appliance=appliance, order=order)
            pool.refresh_allowed_operations("VM", vm)
            if has_snapshot:
                _snapshot(pool, vm)
            self._moulds[key] = Mould(pool, vm)
            self._domids[host_name] = max(self._domids[host_name], pool.db.get("VM", vm, "domid") + 1)
            return
        self._domids[host_name] += 1
        self._moulds[key].cast(
            Casting(
                uuid=uuid,
                name=name,
                description=description,
                tags=tags,
                other_config=config | {"mac_seed": pool.identities.uuid()},
                networks=tuple(self.site.networks[one] for one in networks),
                sr=self.site.srs[sr],
                host=host if is_running else "",
                domid=self._domids[host_name],
                appliance=appliance,
                order=order,
                written_share=chance.uniform(0.2, 1.8),
            )
        )

    def _appliance_for(self, number: int, service: str) -> str:
        group, place = divmod(number, VMS_PER_APPLIANCE)
        if group % APPLIANCE_EVERY:
            return NULL
        if place == 0 or self._appliance == NULL:
            self._appliance = self.pool.db.create("VM_appliance", name_label=f"{service} {group}")
        return self._appliance


def build(pool: Pool, hosts: int, vms: int) -> None:
    """Fill an empty pool with `vms` VMs; hosts have the memory that this takes."""
    count = vms or VMS
    by_name = make_pool(pool, "large", hosts)
    _enlarge(pool, by_name, count)
    srs = {}
    for number in range(1, FILES + 1):
        files = Storage(name=f"NFS-{number:02}", type="nfs", size_bytes=SR_BYTES)
        srs[files.name] = make_storage(pool, by_name, files)
    for number in range(1, BLOCKS + 1):
        blocks = Storage(name=f"SAN-{number:02}", type="lvmoiscsi", size_bytes=2 * SR_BYTES)
        srs[blocks.name] = make_storage(pool, by_name, blocks)
    for name in by_name:
        make_storage(pool, by_name, Storage(name=f"Local {name}", type="ext", size_bytes=LOCAL_BYTES, host=name))
    networks = make_networks(pool, by_name, {f"vlan-{tag}": tag for tag in range(100, 100 + NETWORKS)})
    site = Site(hosts=by_name, networks=networks, srs=srs)
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
    rosters = _populate(pool, site, count)
    default = srs["NFS-01"]
    pool.db.set(
        "pool",
        pool.ref,
        default_SR=default,
        suspend_image_SR=default,
        crash_dump_SR=default,
        gui_config=dict(GUI_CONFIG),
        other_config=pool.db.get("pool", pool.ref, "other_config") | rosters,
        name_description=f"{count} VMs on {hosts} hosts",
    )
    _settle_accounts(pool)
    _remember(pool)


def _populate(pool: Pool, site: Site, count: int) -> dict[str, str]:
    """Make the VMs and return the rosters of their configurations."""
    fleet, rosters = _Fleet(pool, site), {}
    kinds = {kind.role: kind for kind in KINDS}
    members = _members(pool, min(CONFIGURATIONS, count // (4 * len(_MEMBERS))))
    roles = pool.random.choices(KINDS, weights=[kind.share for kind in KINDS], k=count)
    for number in range(count):
        member = next(members, None)
        if member is None:
            fleet.add(number, roles[number], None, pool.identities.uuid(), None)
            continue
        marked, uuid, standing, role = member
        rosters[marked.key] = marked.roster
        fleet.add(number, kinds[role], marked, uuid, standing)
    pool.db.relate()
    return rosters


def _members(pool: Pool, configurations: int) -> Iterator[tuple[Marks, str, Standing, str]]:
    stages = tuple(STAGES.values())
    for number in range(configurations):
        stage = stages[number % len(stages)]
        standing = Standing(
            service=_SERVICES[number // len(stages) % len(_SERVICES)],
            version=f"{1 + number // len(stages)}.{9 - number % len(stages)}.0",
            stage_id=stage.id,
            stage_name=stage.name,
            revision=1 + number % len(stages),
            entered_at=pool.clock.now() - STOOD,
        )
        marked = marks(pool.identities, standing, _MEMBERS)
        for uuid, role in zip(marked.members, _MEMBERS, strict=True):
            yield marked, uuid, standing, role


def _enlarge(pool: Pool, hosts: dict[str, str], vms: int) -> None:
    average = sum(kind.share * (kind.memory_gib + 1) for kind in KINDS) * GIB // 100
    needed = 64 * GIB
    while needed * len(hosts) < 1.5 * vms * average:
        needed *= 2
    for host in hosts.values():
        pool.db.set("host_metrics", pool.db.get("host", host, "metrics"), memory_total=needed)


def _snapshot(pool: Pool, vm: str) -> None:
    at = (pool.clock.now() - timedelta(days=30)).replace(microsecond=0)
    disks = {}
    for vbd in pool.db.get("VM", vm, "VBDs"):
        disk = pool.db.get("VBD", vbd, "VDI")
        if disk != NULL:
            disks[disk] = storage.snapshot_disk(pool, disk, at)
    record_snapshot(pool, vm, "before the last update", disks, at, {})


def _settle_accounts(pool: Pool) -> None:
    """Write what hosts and SRs say of themselves now that everything is there."""
    taken: dict[str, int] = {}
    promised: dict[str, int] = {}
    for _ref, row in pool.db.rows("VDI"):
        sr = row["SR"]
        taken[sr] = taken.get(sr, 0) + row["physical_utilisation"]
        promised[sr] = promised.get(sr, 0) + row["virtual_size"]
    for sr, size in taken.items():
        pool.db.set("SR", sr, physical_utilisation=size, virtual_allocation=promised[sr])
    for host in pool.db.refs("host"):
        placement.refresh_memory(pool.db, host)
    for appliance in pool.db.refs("VM_appliance"):
        pool.refresh_allowed_operations("VM_appliance", appliance)


def _remember(pool: Pool) -> None:
    running = [ref for ref, row in pool.db.rows("VM") if row["power_state"] == "Running"]
    for vm in pool.random.sample(running, min(KEPT_MESSAGES, len(running))):
        messages.post(pool, "VM_STARTED", "VM", vm)
