"""Looking for storage that the pool does not use yet: what is missing in a question is offered in the refusal.

Storage drivers do so with an error each, whose last parameter lists the choices as XML; clients ask step by step.
The servers are pretended: each has the same to offer whenever it is asked.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import NoReturn
from xml.etree import ElementTree

from xsconsole.simpool.errors import XapiError
from xsconsole.simpool.pool import Pool

_PATH_MISSING = ("SR_BACKEND_FAILURE_101", "The request is missing the serverpath parameter")
_TARGET_MISSING = ("SR_BACKEND_FAILURE_96", "The request is missing or has an incorrect target IQN parameter")
_DISK_MISSING = ("SR_BACKEND_FAILURE_107", "The SCSIid parameter is missing or incorrect")
_ISCSI, _FIBRE = ("lvmoiscsi", "iscsi"), ("lvmohba", "hba")
_DISK_BYTES = (256 << 30, 1 << 40)
_EXPORTS = ("/exports/images", "/exports/templates")


def offer_what_is_missing(driver: str, config: Mapping[str, str]) -> None:
    """Let pass a description of storage that is complete, as far as its first part is there.

    Raises:
        XapiError: SR_BACKEND_FAILURE_96, _101 or _107, with the choices for the part that is missing.
    """
    if driver == "nfs" and "server" in config and "serverpath" not in config:
        exports = [("Export", {"Target": config["server"], "Path": path, "Accesslist": "*"}) for path in _EXPORTS]
        _offer(_PATH_MISSING, "nfs-exports", exports)
    if driver in _ISCSI and "target" in config:
        if "targetIQN" not in config:
            _offer(_TARGET_MISSING, "iscsi-target-iqns", _targets(config["target"]))
        if not config.keys() & {"SCSIid", "LUNid"}:
            disks = [("LUN", disk) for disk in _disks(config["target"], config["targetIQN"])]
            _offer(_DISK_MISSING, "iscsi-target", disks)
    if driver in _FIBRE and "SCSIid" not in config:
        paths = {"adapter": "host3", "channel": "0", "id": "0", "hba": "qla2xxx"}
        blocks = [
            ("BlockDevice", {**paths, "path": f"/dev/disk/by-id/scsi-{disk['SCSIid']}", "lun": disk["LUNid"], **disk})
            for disk in _disks("fabric")
        ]
        _offer(_DISK_MISSING, "Devlist", blocks)


def known(pool: Pool, driver: str, config: Mapping[str, str]) -> str:
    """Return, as XML, the SRs of the pool that stand on this storage."""
    root = ElementTree.Element("SRlist")
    for _, row in pool.db.rows("SR"):
        stands = any(config.items() <= pool.db.get("PBD", pbd, "device_config").items() for pbd in row["PBDs"])
        if row["type"] == driver and config and stands:
            ElementTree.SubElement(ElementTree.SubElement(root, "SR"), "UUID").text = row["uuid"]
    return ElementTree.tostring(root, encoding="unicode") if len(root) else "<SRlist/>"


def _targets(address: str) -> list[tuple[str, Mapping[str, str]]]:
    name = address.replace(":", "-").lower()
    return [
        ("TGT", {"Index": str(number), "IPAddress": address, "TargetIQN": f"iqn.2020-01.example.{part}:{name}"})
        for number, part in enumerate(("gold", "silver"))
    ]


def _disks(*where: str) -> list[Mapping[str, str]]:
    found: list[Mapping[str, str]] = []
    for number, size in enumerate(_DISK_BYTES):
        serial = hashlib.sha256("/".join((*where, str(number))).encode()).hexdigest()[:16]
        disk = {"vendor": "LIO-ORG", "serial": serial, "LUNid": str(number), "size": str(size)}
        found.append({**disk, "SCSIid": f"36001405{serial}"})
    return found


def _offer(missing: tuple[str, str], name: str, choices: Sequence[tuple[str, Mapping[str, str]]]) -> NoReturn:
    root = ElementTree.Element(name)
    for tag, parts in choices:
        choice = ElementTree.SubElement(root, tag)
        for part, value in parts.items():
            ElementTree.SubElement(choice, part).text = value
    ElementTree.indent(root, "\t")
    code, words = missing
    raise XapiError(code, "", words, f'<?xml version="1.0" ?>\n{ElementTree.tostring(root, encoding="unicode")}\n')
