"""Older releases: what their XAPI does not have of the model, and what their hosts say of themselves.

The model is that of the newest release. When a class, a field or a call came is told by XAPI's own release notes; calls
that only changed their optional arguments are not told apart.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType

from xsconsole.simpool.model import Class, Model

NEWEST = "8.3"


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release of the host's software. `rank` orders releases: VMs move to the same or a higher one only."""

    name: str
    rank: int
    api_version: tuple[int, int]
    software: Mapping[str, str]
    absent_classes: frozenset[str] = frozenset()
    absent_fields: Mapping[str, frozenset[str]] = field(default_factory=dict)
    absent_messages: Mapping[str, frozenset[str]] = field(default_factory=dict)
    absent_operations: frozenset[str] = frozenset()
    """What its `allowed_operations` never say: clients of its time know no such value."""
    absent_formats: frozenset[str] = frozenset()
    """What it cannot read or write disks as."""


_OLDER_GUIDANCE = frozenset(("pending_guidances", "pending_guidances_recommended", "pending_guidances_full"))
_RELEASES = (
    Release(name=NEWEST, rank=3, api_version=(2, 23), software=MappingProxyType({})),
    Release(
        name="8.2",
        rank=2,
        api_version=(2, 16),
        software=MappingProxyType(
            {
                "product_version": "8.2.1",
                "product_version_text": "8.2",
                "product_version_text_short": "8.2",
                "platform_version": "3.2.1",
                "date": "20220120T00:00:00Z",
                "xapi": "1.20",
                "xapi_build": "1.249.36",
                "xen": "4.13.5",
                "xencenter_min": "2.16",
                "xencenter_max": "2.16",
                "db_schema": "5.603",
            }
        ),
        absent_formats=frozenset(("qcow2",)),
        absent_classes=frozenset(
            (
                *("Certificate", "Repository", "Observer", "VM_group", "Host_driver", "Driver_variant", "Caller"),
                "Rate_limit",
            )
        ),
        absent_fields=MappingProxyType(
            {
                "VM": frozenset((*_OLDER_GUIDANCE, "groups", "secureboot_certificates_state")),
                "host": frozenset(
                    (
                        *(
                            *_OLDER_GUIDANCE,
                            "certificates",
                            "console_idle_timeout",
                            "https_only",
                            "last_software_update",
                        ),
                        *("last_update_hash", "latest_synced_updates_applied", "max_cstate", "ntp_custom_servers"),
                        *(
                            "ntp_mode",
                            "numa_affinity_policy",
                            "secure_boot",
                            "ssh_auto_mode",
                            "ssh_enabled",
                            "timezone",
                        ),
                        *("ssh_enabled_timeout", "ssh_expiry", "tls_verification_enabled"),
                    )
                ),
                "pool": frozenset(
                    (
                        *(
                            "auto_update_vm_secureboot_certificates",
                            "client_certificate_auth_enabled",
                            "recommendations",
                        ),
                        *(
                            "client_certificate_auth_name",
                            "coordinator_bias",
                            "custom_uefi_certificates",
                            "repositories",
                        ),
                        *("ext_auth_cache_enabled", "ext_auth_cache_expiry", "ext_auth_cache_size", "is_psr_pending"),
                        *("ext_auth_max_threads", "ha_reboot_vm_on_internal_shutdown", "last_update_sync"),
                        *(
                            "license_server",
                            "limit_console_sessions",
                            "local_auth_max_threads",
                            "migration_compression",
                        ),
                        *("repository_proxy_password", "repository_proxy_url", "repository_proxy_username"),
                        *("telemetry_frequency", "telemetry_next_collection", "telemetry_uuid", "update_sync_day"),
                        *("tls_verification_enabled", "update_sync_enabled", "update_sync_frequency"),
                        "vm_console_idle_timeout",
                    )
                ),
                "session": frozenset(("client_certificate",)),
            }
        ),
        absent_operations=frozenset(
            (
                *("sysprep", "create_vtpm", "enable", "tls_verification_enable", "configure_repositories"),
                *("sync_updates", "sync_bundle", "apply_updates", "get_updates", "cert_refresh", "eject"),
                *("exchange_certificates_on_join", "exchange_ca_certificates_on_join", "exchange_crls_on_join"),
                "copy_primary_host_certs",
            )
        ),
        absent_messages=MappingProxyType(
            {
                "VM": frozenset(
                    (
                        *("call_host_plugin", "get_secureboot_readiness", "restart_device_models", "set_groups"),
                        *("set_uefi_mode", "sysprep", "update_secureboot_certificates_on_boot"),
                    )
                ),
                "host": frozenset(
                    (
                        *("apply_recommended_guidances", "apply_updates", "disable_ssh", "enable_ssh"),
                        *("emergency_clear_mandatory_guidance", "emergency_disable_tls_verification", "list_timezones"),
                        *("emergency_reenable_tls_verification", "get_ntp_servers_status", "get_ntp_synchronized"),
                        *("get_tracked_user_agents", "rescan_drivers", "set_console_idle_timeout", "set_https_only"),
                        *("set_max_cstate", "set_ntp_custom_servers", "set_ntp_mode", "set_numa_affinity_policy"),
                        *("set_servertime", "set_ssh_auto_mode", "set_ssh_enabled_timeout", "set_timezone"),
                    )
                ),
                "pool": frozenset(
                    (
                        *("add_repository", "check_update_readiness", "configure_repository_proxy", "disable_ssh"),
                        *("configure_update_sync", "disable_client_certificate_auth", "disable_repository_proxy"),
                        *("enable_client_certificate_auth", "enable_ssh", "enable_tls_verification"),
                        *("get_guest_secureboot_readiness", "install_trusted_certificate", "remove_repository"),
                        *("reset_telemetry_uuid", "rotate_secret", "set_console_idle_timeout", "set_https_only"),
                        *("set_custom_uefi_certificates", "set_ext_auth_cache_enabled", "set_ext_auth_cache_expiry"),
                        *("set_ext_auth_cache_size", "set_ext_auth_max_threads", "set_local_auth_max_threads"),
                        *("set_repositories", "set_ssh_auto_mode", "set_ssh_enabled_timeout", "sync_updates"),
                        *("set_telemetry_next_collection", "set_update_sync_enabled", "uninstall_trusted_certificate"),
                        "sync_trusted_certificates_from",
                    )
                ),
            }
        ),
    ),
)
RELEASES: Mapping[str, Release] = MappingProxyType({release.name: release for release in _RELEASES})


def model_of(release: Release, model: Model) -> Model:
    """Return what a release has of the newest model."""
    if not release.absent_classes and not release.absent_fields:
        return model
    classes = {name: _older(cls, release) for name, cls in model.classes.items() if name not in release.absent_classes}
    relations = tuple(
        relation
        for relation in model.relations
        if all(cls in classes and name in classes[cls].fields for cls, name in (relation.one, relation.many))
    )
    return replace(
        model,
        classes=MappingProxyType(classes),
        relations=relations,
        api_version=release.api_version,
        absent_classes=release.absent_classes,
        absent_fields=release.absent_fields,
    )


def _older(cls: Class, release: Release) -> Class:
    fields = release.absent_fields.get(cls.name, frozenset())
    messages = release.absent_messages.get(cls.name, frozenset())
    edits = {
        f"{prefix}{field}"
        for field in fields
        for prefix in ("get_", "set_", "add_", "remove_", "add_to_", "remove_from_")
    }
    return replace(
        cls,
        fields=MappingProxyType({name: field for name, field in cls.fields.items() if name not in fields}),
        messages=MappingProxyType(
            {name: one for name, one in cls.messages.items() if name not in messages and name not in edits}
        ),
    )
