"""Which data handler answers which method and path, and who may use it."""

from collections.abc import Mapping
from types import MappingProxyType

from xsconsole.simpool import (
    audit_download,
    blobs,
    consoles,
    message_import,
    raw_disks,
    rrd_dumps,
    rrd_updates,
    xva_export,
    xva_import,
)
from xsconsole.simpool.roles import Role
from xsconsole.simpool.visits import Action

ACTIONS: Mapping[str, Mapping[str, Action]] = MappingProxyType(
    {
        "GET": MappingProxyType(
            {
                "/audit_log": Action(
                    name="get_audit_log",
                    label="audit_log_get request",
                    min_role=Role.READ_ONLY,
                    answer=audit_download.download,
                ),
                "/blob": Action(
                    name="get_blob",
                    label="Blob handler",
                    min_role=Role.READ_ONLY,
                    answer=blobs.download,
                    has_task=False,
                    is_public=blobs.is_public,
                ),
                "/console": Action(
                    name="connect_console",
                    label="Connection to VM console",
                    min_role=Role.VM_OPERATOR,
                    answer=consoles.connect,
                ),
                "/export": Action(
                    name="get_export",
                    label="VM.export",
                    min_role=Role.VM_ADMIN,
                    answer=xva_export.download,
                    elsewhere=xva_export.export_host,
                ),
                "/export_metadata": Action(
                    name="get_export_metadata",
                    label="VM.export_metadata",
                    min_role=Role.VM_ADMIN,
                    answer=xva_export.download_metadata,
                ),
                "/rrd_updates": Action(
                    name="get_rrd_updates",
                    label="Get RRD updates.",
                    min_role=Role.READ_ONLY,
                    answer=rrd_updates.download,
                    has_task=False,
                ),
                "/vm_rrd": Action(
                    name="get_vm_rrd",
                    label="Get VM RRD.",
                    min_role=Role.READ_ONLY,
                    answer=rrd_dumps.of_machine,
                    has_task=False,
                    elsewhere=rrd_dumps.machine_host,
                ),
                "/host_rrd": Action(
                    name="get_host_rrd",
                    label="Get Host RRD.",
                    min_role=Role.READ_ONLY,
                    answer=rrd_dumps.of_host,
                    has_task=False,
                ),
                "/sr_rrd": Action(
                    name="get_sr_rrd",
                    label="Get SR RRD.",
                    min_role=Role.READ_ONLY,
                    answer=rrd_dumps.of_storage,
                    has_task=False,
                ),
                "/export_raw_vdi": Action(
                    name="get_export_raw_vdi",
                    label="Exporting raw VDI",
                    min_role=Role.VM_ADMIN,
                    answer=raw_disks.download,
                    elsewhere=raw_disks.export_host,
                ),
            }
        ),
        "PUT": MappingProxyType(
            {
                "/blob": Action(
                    name="put_blob",
                    label="Blob handler",
                    min_role=Role.VM_POWER_ADMIN,
                    answer=blobs.upload,
                    has_task=False,
                ),
                "/import": Action(
                    name="put_import",
                    label="VM.import",
                    min_role=Role.VM_ADMIN,
                    answer=xva_import.upload,
                    elsewhere=xva_import.import_host,
                ),
                "/import_metadata": Action(
                    name="put_import_metadata",
                    label="VM.metadata_import",
                    min_role=Role.VM_ADMIN,
                    answer=xva_import.upload_metadata,
                ),
                "/messages": Action(
                    name="put_messages",
                    label="Xapi_message.handler",
                    min_role=Role.VM_POWER_ADMIN,
                    answer=message_import.upload,
                    has_task=False,
                    elsewhere=message_import.coordinator,
                ),
                "/import_raw_vdi": Action(
                    name="put_import_raw_vdi",
                    label="Importing raw VDI",
                    min_role=Role.VM_ADMIN,
                    answer=raw_disks.upload,
                    elsewhere=raw_disks.import_host,
                ),
            }
        ),
    }
)
