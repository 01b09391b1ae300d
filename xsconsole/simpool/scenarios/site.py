"""The hardware of a site: pool, hosts, networks, storage."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from xsconsole.simpool import machines, placement
from xsconsole.simpool.networks import add_vlan
from xsconsole.simpool.pool import Pool
from xsconsole.simpool.scenarios.furnishings import BIOS, LICENCE, furnish_host, furnish_pool, make_internal_network

GIB = 1 << 30
TIB = 1 << 40

CORES = 16
HOST_MEMORY_BYTES = 64 * GIB
CONTROL_DOMAIN_BYTES = 4 * GIB

_CPU = MappingProxyType(
    {
        "vendor": "GenuineIntel",
        "speed": "2600.000",
        "modelname": "Intel(R) Xeon(R) Gold 6142 CPU @ 2.60GHz",
        "family": "6",
        "model": "85",
        "stepping": "4",
        "flags": "fpu de tsc msr pae mce cx8 apic sep mca cmov pat clflush mmx fxsr sse sse2 ht syscall nx lm",
    }
)
_FEATURES = "178bfbff-f6fa3203-2c500800-040001f3-0000000f-019c05ab-00400004-00000000-001000d0-ac000410"
_SOFTWARE = MappingProxyType(
    {
        "product_version": "8.3.0",
        "product_version_text": "8.3",
        "product_version_text_short": "8.3",
        "platform_name": "XCP",
        "platform_version": "3.4.0",
        "product_brand": "XCP-ng",
        "build_number": "cloud",
        "date": "20261101T00:00:00Z",
        "xapi": "26.1",
        "xapi_build": "26.1.0",
        "xen": "4.17.5",
        "linux": "4.19.0+1",
        "xencenter_min": "2.21",
        "xencenter_max": "2.23",
        "network_backend": "openvswitch",
        "db_schema": "5.909",
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Site:
    """The hardware of a pool, by name."""

    hosts: Mapping[str, str]
    networks: Mapping[str, str]
    srs: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """One SR to make; `host` names the only one that sees it, where it is not shared."""

    name: str
    type: str
    size_bytes: int
    content_type: str = "user"
    host: str = ""
    device_config: tuple[tuple[str, str], ...] = ()
    description: str = ""
    is_tools: bool = False


def make_pool(pool: Pool, name: str, host_count: int, *, host_name: str = "xen-") -> dict[str, str]:
    """Create the pool and its hosts, the first of them the coordinator, and return the hosts by name."""
    ref = pool.db.create(
        "pool",
        name_label=name,
        restrictions=dict(LICENCE),
        other_config={"memory-ratio-hvm": "0.25", "memory-ratio-pv": "0.25"},
        ha_cluster_stack="xhad",
        cpu_info={
            "cpu_count": str(CORES * host_count),
            "socket_count": str(host_count),
            "vendor": _CPU["vendor"],
            "features_hvm_host": _FEATURES,
            "features_pv_host": _FEATURES,
        },
    )
    hosts = {}
    for number in range(1, host_count + 1):
        host = hosts[f"{host_name}{number}"] = _make_host(pool, number, f"{host_name}{number}")
        if number == 1:
            pool.db.set("pool", ref, master=host)
    pool.refresh_allowed_operations("pool", ref)
    furnish_pool(pool, ref)
    return hosts


def make_networks(pool: Pool, hosts: Mapping[str, str], vlans: Mapping[str, int]) -> dict[str, str]:
    """Create the management network and one network for each VLAN, all of them seen by every host."""
    networks = {
        "Management": pool.db.create(
            "network", name_label="Management", name_description="Hosts, storage and administrators", bridge="xenbr0"
        )
    }
    make_internal_network(pool)
    trunks = {
        host: _make_trunk(pool, host, number, networks["Management"]) for number, host in enumerate(hosts.values(), 1)
    }
    for number, (name, tag) in enumerate(vlans.items()):
        networks[name] = pool.db.create(
            "network", name_label=name, name_description=f"VLAN {tag}", bridge=f"xapi{number}"
        )
        for trunk in trunks.values():
            add_vlan(pool, trunk, tag, networks[name])
    return networks


def make_storage(pool: Pool, hosts: Mapping[str, str], storage: Storage) -> str:
    """Create an SR, plugged on the hosts that see it."""
    is_shared = not storage.host
    sr = pool.db.create(
        "SR",
        name_label=storage.name,
        name_description=storage.description,
        type=storage.type,
        content_type=storage.content_type,
        shared=is_shared,
        physical_size=storage.size_bytes,
        is_tools_sr=storage.is_tools,
        sm_config={"allocation": "thick"} if storage.type.startswith("lvm") else {},
    )
    for name, host in hosts.items():
        if is_shared or name == storage.host:
            pool.db.create("PBD", host=host, SR=sr, device_config=dict(storage.device_config), currently_attached=True)
    pool.refresh_allowed_operations("SR", sr)
    return sr


def _make_host(pool: Pool, number: int, name: str) -> str:
    db, now = pool.db, pool.clock.now()
    metrics = db.create("host_metrics", memory_total=HOST_MEMORY_BYTES, live=True, last_updated=now)
    host = db.create(
        "host",
        name_label=name,
        name_description="Default install",
        hostname=name,
        address=f"{pool.subnet}.{number}",
        metrics=metrics,
        enabled=True,
        API_version_major=pool.release.api_version[0],
        API_version_minor=pool.release.api_version[1],
        API_version_vendor="XenSource",
        software_version=dict(_SOFTWARE) | dict(pool.release.software) | {"hostname": name},
        capabilities=("xen-3.0-x86_64", "hvm-3.0-x86_32", "hvm-3.0-x86_32p", "hvm-3.0-x86_64", ""),
        sched_policy="credit",
        supported_bootloaders=("pygrub", "eliloader"),
        cpu_info=dict(_CPU)
        | {"cpu_count": str(CORES), "socket_count": "1", "threads_per_core": "1", "nr_nodes": "1"}
        | {f"features_{kind}": _FEATURES for kind in ("pv", "hvm", "hvm_host", "pv_host")},
        license_params=dict(LICENCE),
        edition="xcp-ng",
        editions=("xcp-ng",),
        other_config={"agent_start_time": f"{now.timestamp():.0f}.", "boot_time": f"{now.timestamp() - 5000:.0f}."},
        virtual_hardware_platform_versions=(0, 1, 2),
        tls_verification_enabled=False,
        power_on_mode="",
        bios_strings=dict(BIOS),
        chipset_info={"iommu": "true"},
        ssl_legacy=False,
        ssh_auto_mode=True,
        timezone="Etc/UTC",
    )
    for cpu in range(CORES):
        db.create(
            "host_cpu",
            host=host,
            number=cpu,
            vendor=_CPU["vendor"],
            speed=2600,
            modelname=_CPU["modelname"],
            family=int(_CPU["family"]),
            model=int(_CPU["model"]),
            stepping=_CPU["stepping"],
            flags=_CPU["flags"],
        )
    db.set("host", host, control_domain=_make_control_domain(pool, host, name))
    furnish_host(pool, host)
    placement.refresh_memory(db, host)
    pool.refresh_allowed_operations("host", host)
    return host


def _make_control_domain(pool: Pool, host: str, name: str) -> str:
    amounts = dict.fromkeys(
        ("memory_static_max", "memory_static_min", "memory_dynamic_max", "memory_dynamic_min", "memory_target"),
        CONTROL_DOMAIN_BYTES,
    )
    vm = machines.make(
        pool,
        name_label=f"Control domain on host: {name}",
        name_description="The domain which manages physical devices and manages other domains",
        power_state="Running",
        user_version=1,
        is_control_domain=True,
        resident_on=host,
        affinity=host,
        domid=0,
        domarch="x64",
        domain_type="pv",
        VCPUs_max=4,
        VCPUs_at_startup=4,
        memory_overhead=36 * machines.MIB,
        actions_after_reboot="destroy",
        actions_after_crash="destroy",
        hardware_platform_version=0,
        has_vendor_device=False,
        generation_id="",
        **amounts,
    )
    pool.db.set("VM", vm, other_config={})
    pool.db.set(
        "VM_metrics",
        pool.db.get("VM", vm, "metrics"),
        memory_actual=CONTROL_DOMAIN_BYTES,
        VCPUs_number=4,
        VCPUs_utilisation=dict.fromkeys(range(4), 0.0),
        start_time=pool.clock.now(),
        last_updated=pool.clock.now(),
        current_domain_type="pv",
    )
    for protocol in ("vt100", "rfb"):
        machines.open_console(pool, vm, host, protocol)
    return vm


def _make_trunk(pool: Pool, host: str, number: int, network: str) -> str:
    metrics = pool.db.create(
        "PIF_metrics",
        carrier=True,
        vendor_name="Intel Corporation",
        vendor_id="8086",
        device_name="Ethernet Controller X710 for 10GbE SFP+",
        device_id="1572",
        speed=10_000,
        duplex=True,
        pci_bus_path=f"0000:1a:00.{number % 8}",
        last_updated=pool.clock.now(),
    )
    return pool.db.create(
        "PIF",
        device="eth0",
        network=network,
        host=host,
        MAC=f"00:16:3e:aa:{int(pool.subnet.rpartition('.')[2]):02x}:{number % 256:02x}",
        MTU=1500,
        VLAN=-1,
        metrics=metrics,
        physical=True,
        ip_configuration_mode="Static",
        IP=pool.db.get("host", host, "address"),
        netmask="255.0.0.0",
        management=True,
        properties={"gro": "on"},
        igmp_snooping_status="disabled",
    )
