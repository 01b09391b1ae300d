"""What the console writes on the members of a configuration and on their pool, for scenarios that begin with some."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from xsconsole.simpool.identities import Identities

STOOD = timedelta(days=3)  # how long everything has stood where it stands when a pool begins


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A configuration that stands in a stage of the workflow that the console brings along."""

    service: str
    version: str
    stage_id: str
    stage_name: str
    revision: int
    entered_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """The `other_config` of each member by its uuid, in the order of the roles, and the pool's key and value."""

    members: Mapping[str, Mapping[str, str]]
    key: str
    roster: str


def marks(identities: Identities, standing: Standing, roles: tuple[str, ...]) -> Marks:
    """Return what makes VMs with fresh uuids, one for each role, a configuration."""
    identity = identities.uuid()
    uuids = [identities.uuid() for _ in roles]
    roster = sorted(uuids)
    role_of = dict(zip(uuids, roles, strict=True))
    digest = hashlib.sha256("\n".join(roster).encode()).hexdigest()
    members = {}
    for uuid, role in role_of.items():
        value = {
            "schema": 1,
            "vm": uuid,
            "configuration": identity,
            "name": f"{standing.service} {standing.version}",
            "service": standing.service,
            "version": standing.version,
            "stage": standing.stage_id,
            "workflow": "release",
            "workflow_version": 1,
            "role": role,
            "revision": standing.revision,
            "roster_count": len(roster),
            "roster_digest": digest,
            "entered_at": standing.entered_at.isoformat().replace("+00:00", "Z"),
        }
        members[uuid] = {
            "xsconsole.member.1": _compact(value),
            "XenCenter.CustomFields.Stage": standing.stage_name,
            "XenCenter.CustomFields.Owner": f"{standing.service} team",
        }
    return Marks(
        members=members,
        key=f"xsconsole.configuration.{identity}.1",
        roster=_compact({"schema": 1, "configuration": identity, "roster": roster, "roles": role_of}),
    )


def _compact(value: Mapping[str, object]) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
