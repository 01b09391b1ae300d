"""What every installed pool has before anybody uses it: drivers, certificates, licence features, its own network."""

import hashlib
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from xsconsole.simpool.pool import Pool
from xsconsole.simpool.srs import SUPPORTED_TYPES

_LEFT_OUT = frozenset(("corosync", "pvs_proxy"))
_RESTRICTED = (
    *("vlan", "qos", "pool_attached_storage", "netapp", "equalogic", "pooling", "marathon", "email_alerting"),
    *("historical_performance", "wlb", "rbac", "dmc", "checkpoint", "cpu_masking", "connection", "vmpr", "vmss"),
    *("intellicache", "gpu", "dr", "vif_locking", "storage_xen_motion", "vgpu", "integrated_gpu_passthrough", "vss"),
    *("guest_agent_auto_update", "pci_device_for_auto_update", "xen_motion", "guest_ip_setting", "ad", "nested_virt"),
    *("live_patching", "set_vcpus_number_live", "pvs_proxy", "igmp_snooping", "rpu", "pool_size", "cbt"),
    *("usb_passthrough", "network_sriov", "corosync", "cluster_address", "zstd_export", "pool_secret_rotation"),
    *("certificate_verification", "updates", "internal_repo_access", "vtpm", "vm_groups", "vm_start"),
    "vm_appliance_start",
)
LICENCE: Mapping[str, str] = MappingProxyType(
    {f"restrict_{feature}": str(feature in _LEFT_OUT).lower() for feature in _RESTRICTED}
    | {"enable_xha": "true", "platform_filter": "false", "regular_nag_dialog": "false"}
)
BIOS: Mapping[str, str] = MappingProxyType(
    {
        **{"bios-vendor": "Dell Inc.", "bios-version": "2.19.1", "system-manufacturer": "Dell Inc."},
        **{"system-product-name": "PowerEdge R640", "system-version": "", "system-serial-number": ""},
        **{"baseboard-manufacturer": "Dell Inc.", "baseboard-product-name": "0RGP26", "baseboard-version": "A03"},
        **{"baseboard-serial-number": "", "oem-1": "Xen", "hp-rombios": ""},
        "oem-2": "MS_VM_CERT/SHA1/bdbeb6e0a816d43fa6d3fe8aaef04c2bad9d3e3d",
    }
)
_DRIVER_FEATURES = (
    *("SR_ATTACH", "SR_CREATE", "SR_DELETE", "SR_DETACH", "SR_PROBE", "SR_SCAN", "SR_UPDATE", "VDI_ACTIVATE"),
    *("VDI_ATTACH", "VDI_CLONE", "VDI_CREATE", "VDI_DEACTIVATE", "VDI_DELETE", "VDI_DETACH", "VDI_GENERATE_CONFIG"),
    *("VDI_INTRODUCE", "VDI_MIRROR", "VDI_RESET_ON_BOOT", "VDI_RESIZE", "VDI_RESIZE_ONLINE", "VDI_SNAPSHOT"),
    *("VDI_UPDATE", "VDI_CONFIG_CBT"),
)
_CERTIFICATE_LIFE = timedelta(days=3650)


def furnish_pool(pool: Pool, ref: str) -> None:
    """Give a pool the storage drivers and the secret that each has; to be called when its hosts are there."""
    for driver in SUPPORTED_TYPES:
        pool.db.create(
            "SM",
            name_label=driver,
            name_description=f"SR plugin for type {driver}",
            type=driver,
            vendor="xsconsole",
            version="1.0",
            required_api_version="1.1",
            configuration={"device": "path of the device"},
            capabilities=_DRIVER_FEATURES,
            features={name: "2" if name == "VDI_RESET_ON_BOOT" else "1" for name in _DRIVER_FEATURES},
            driver_filename=f"/opt/xensource/sm/{driver}SR",
            supported_image_formats=("vhd",),
        )
    pool.db.set("pool", ref, telemetry_uuid=pool.db.create("secret", value=pool.identities.uuid()))


def furnish_host(pool: Pool, host: str) -> None:
    """Give a host its certificates and the driver of its network card."""
    now = pool.clock.now()
    for kind in ("host", "host_internal"):
        seed = f"{kind} {pool.db.get('host', host, 'uuid')}".encode()
        wide, short = hashlib.sha256(seed), hashlib.sha1(seed, usedforsecurity=False)
        pool.db.create(
            "Certificate",
            type=kind,
            host=host,
            not_before=now,
            not_after=now + _CERTIFICATE_LIFE,
            fingerprint=_colons(wide.hexdigest()),
            fingerprint_sha256=_colons(wide.hexdigest()),
            fingerprint_sha1=_colons(short.hexdigest()),
        )
    name = "intel-ixgbe"
    driver = pool.db.create(
        "Host_driver", host=host, name=name, friendly_name=name, type="network", description=name, info=name
    )
    pool.db.create(
        "Driver_variant",
        name="generic",
        driver=driver,
        version="5.18.6",
        hardware_present=True,
        priority=100.0,
        status="production",
    )


def make_internal_network(pool: Pool) -> str:
    """Create the network over which guests reach their own host; nobody may destroy it."""
    return pool.db.create(
        "network",
        name_label="Host internal management network",
        name_description="Network on which guests can talk to their host over link-local addresses",
        bridge="xenapi",
        other_config={
            "is_guest_installer_network": "true",
            "is_host_internal_management_network": "true",
            "ip_begin": "169.254.0.1",
            "ip_end": "169.254.255.254",
            "netmask": "255.255.0.0",
        },
    )


def _colons(digits: str) -> str:
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2)).upper()
