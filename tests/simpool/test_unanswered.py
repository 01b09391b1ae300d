"""The messages that nobody answers here: known by name, so that the list only changes when somebody wants it to.

What is left belongs to what this pool has none of: updates and repositories, clusters, passed-through hardware,
workload balancing, the directory of the pool's users, certificates of its own authority, recovery after disasters, and
limits of callers. A call to one of them is refused with NOT_IMPLEMENTED and its name.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from xsconsole.simpool import model
from xsconsole.simpool.behaviours import HANDLERS
from xsconsole.simpool.generated import generated

UNANSWERED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "Caller": (
            *("add_group", "query_all_usage", "query_call_count", "query_group_call_count"),
            *("query_group_token_usage", "query_token_usage", "remove_group"),
        ),
        "Cluster": (
            *("create", "destroy", "get_network", "pool_create", "pool_destroy", "pool_force_destroy"),
            *("pool_resync",),
        ),
        "Cluster_host": (*("create", "destroy", "disable", "enable", "force_destroy"),),
        "DR_task": (*("create", "destroy"),),
        "Driver_variant": (*("select",),),
        "GPU_group": (*("get_remaining_capacity",),),
        "Host_driver": (*("deselect", "rescan", "select"),),
        "LVHD": (*("enable_thin_provisioning",),),
        "PCI": (*("disable_dom0_access", "enable_dom0_access", "get_dom0_access_status"),),
        "PGPU": (*("disable_dom0_access", "enable_dom0_access", "get_remaining_capacity"),),
        "PIF": (*("db_forget", "db_introduce"),),
        "PVS_proxy": (*("create", "destroy"),),
        "PVS_server": (*("forget", "introduce"),),
        "PVS_site": (*("forget", "introduce"),),
        "Rate_limit": (*("add_caller", "remove_caller"),),
        "Repository": (*("forget", "introduce", "introduce_bundle", "introduce_remote_pool"),),
        "SR": (
            *("assert_supports_database_replication", "disable_database_replication"),
            *("enable_database_replication",),
        ),
        "VM": (
            *("assert_can_be_recovered", "get_SRs_required_for_recovery", "import_convert", "recover"),
            *("retrieve_wlb_recommendations", "update_secureboot_certificates_on_boot"),
        ),
        "VM_appliance": (*("assert_can_be_recovered", "get_SRs_required_for_recovery", "recover"),),
        "VUSB": (*("unplug",),),
        "host": (
            *("apply_edition", "apply_updates", "backup_rrds", "bugreport_upload", "disable_display"),
            *("disable_external_auth", "disable_local_storage_caching", "disable_ssh"),
            *("emergency_clear_mandatory_guidance", "emergency_disable_tls_verification"),
            *("emergency_ha_disable", "emergency_reenable_tls_verification"),
            *("emergency_reset_server_certificate", "enable_display", "enable_local_storage_caching"),
            *("enable_ssh", "external_auth_set_ldaps", "get_ntp_servers_status", "get_ntp_synchronized"),
            *("get_server_certificate", "get_system_status_capabilities", "get_tracked_user_agents"),
            *("install_server_certificate", "license_add", "license_remove"),
            *("local_management_reconfigure", "management_disable", "management_reconfigure"),
            *("refresh_pack_info", "refresh_server_certificate", "rescan_drivers"),
            *("reset_server_certificate", "retrieve_wlb_evacuate_recommendations", "send_debug_keys"),
            *("set_sched_gran", "set_servertime", "shutdown_agent", "syslog_reconfigure"),
        ),
        "host_crashdump": (*("destroy", "upload"),),
        "host_patch": (*("apply", "destroy"),),
        "network_sriov": (*("create", "destroy", "get_remaining_capacity"),),
        "pool": (
            *("add_repository", "apply_edition", "certificate_install", "certificate_list"),
            *("certificate_sync", "certificate_uninstall", "check_update_readiness"),
            *("configure_repository_proxy", "configure_update_sync", "crl_install", "crl_list"),
            *("crl_uninstall", "deconfigure_wlb", "disable_client_certificate_auth"),
            *("disable_external_auth", "disable_local_storage_caching", "disable_redo_log"),
            *("disable_repository_proxy", "disable_ssh", "disable_ssl_legacy", "eject"),
            *("enable_client_certificate_auth", "enable_local_storage_caching", "enable_redo_log"),
            *("enable_ssh", "enable_tls_verification", "external_auth_set_ldaps"),
            *("get_guest_secureboot_readiness", "initialize_wlb", "install_ca_certificate"),
            *("install_trusted_certificate", "management_reconfigure", "remove_repository"),
            *("reset_telemetry_uuid", "retrieve_wlb_configuration", "retrieve_wlb_recommendations"),
            *("rotate_secret", "send_test_post", "send_wlb_configuration", "set_console_idle_timeout"),
            *("set_ssh_auto_mode", "set_ssh_enabled_timeout", "set_vswitch_controller"),
            *("sync_trusted_certificates_from", "sync_updates", "uninstall_ca_certificate"),
            *("uninstall_trusted_certificate",),
        ),
        "pool_patch": (*("apply", "clean", "clean_on_host", "destroy", "pool_apply", "pool_clean", "precheck"),),
        "pool_update": (*("apply", "destroy", "introduce", "pool_apply", "pool_clean", "precheck"),),
        "session": (*("create_from_db_file",),),
    }
)
BY_THE_HOSTS = (
    "pool.enable_external_auth",
    "pool.designate_new_master",
    "pool.recover_slaves",
    "pool.emergency_reset_master",
    "pool.emergency_transition_to_master",
    "pool.join_force",
    "pool.join",
    "host.declare_dead",
    "host.enable_external_auth",
)
"""Answered by what knows at which addresses the hosts stand, and so not among the handlers of every pool."""


def test_no_other_messages_are_left_without_an_answer() -> None:
    for cls in model.load().classes.values():
        names = {
            message.name
            for message in cls.messages.values()
            if not message.is_removed
            and f"{cls.name}.{message.name}" not in BY_THE_HOSTS
            and f"{cls.name}.{message.name}" not in HANDLERS
            and generated(cls, message) is None
        }
        assert names <= set(UNANSWERED.get(cls.name, ()))


def test_a_message_that_is_not_answered_says_so(session: Any, refusal: Callable[..., list[str]]) -> None:
    pool = session.xenapi.pool.get_all()[0]

    assert refusal(session.xenapi.pool.rotate_secret) == ["NOT_IMPLEMENTED", "pool.rotate_secret"]
    assert refusal(session.xenapi.pool.disable_ssl_legacy, pool) == ["NOT_IMPLEMENTED", "pool.disable_ssl_legacy"]
