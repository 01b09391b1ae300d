"""Drafts and pools in memory for trials of the designer's forms: no wire, since nothing of a pool is asked."""

import msgspec

from xsconsole.domain.inventory import PIF, SR, Change, ChangeBatch, Host, HostMetrics, Inventory, Network, Pool
from xsconsole.domain.workflow import ApprovalRule, Group, Kind, Person, Workflow, default_workflow
from xsconsole.domain.workflow.edits import add_stage, change_workflow, connect
from xsconsole.domain.workflow.gates import MaintenanceWindow, NoDrift, Script
from xsconsole_ui.workflow.forms.surroundings import Surroundings

GIB = 1024**3
INTERNAL = {"is_guest_installer_network": "true", "is_host_internal_management_network": "true"}
HIDDEN = {"HideFromXenCenter": "true"}


def rich_draft(stages: int = 0) -> Workflow:
    """Return the default workflow with people, groups, networks, gates and approvals; and so many more stages."""
    draft = change_workflow(
        default_workflow(),
        people=(
            Person(id="anna", name="Anna", fingerprints=("ab" * 32,)),
            Person(id="ben", name="Ben", subject="ben@acme"),
            Person(id="cleo", name="Cleo", fingerprints=("cd" * 32,)),
        ),
        groups=(
            Group(id="ops", name="ops", people=("anna", "ben")),
            Group(id="security", name="security", people=("cleo",)),
        ),
        networks=("frontend", "data"),
    )
    ways = tuple(
        msgspec.structs.replace(
            way,
            gates=(NoDrift(timeout_s=120), Script(argv=("smoke-test.sh",), timeout_s=120), MaintenanceWindow()),
            approvals=(ApprovalRule(count=1, groups=("ops",)), ApprovalRule(count=1, groups=("security",))),
            expiry_s=72 * 3600,
        )
        if way.target == "production"
        else way
        for way in draft.transitions
    )
    draft = msgspec.structs.replace(draft, transitions=ways)
    before = draft.stages[0].id
    for number in range(stages):
        draft, made = add_stage(draft, f"Test bed {number + 1}")
        draft, _ = connect(draft, before, made)
        draft, _ = connect(draft, made, before, Kind.DEMOTE)
        before = made if number % 4 else draft.stages[0].id
    return draft


def surroundings() -> Surroundings:
    """Return two pools: the home with two hosts, and another one."""
    return Surroundings.of("home", {"home": _pool("home", "acme-test", 2), "away": _pool("away", "acme-prod", 1)})


def _pool(uuid: str, name: str, hosts: int) -> Inventory:
    inventory = Inventory()
    records = [("pool", Pool(ref=f"p-{uuid}", uuid=uuid, name_label=name))]
    for number in range(1, hosts + 1):
        records += [
            (
                "host_metrics",
                HostMetrics(
                    ref=f"m{number}", uuid=f"{uuid}-m{number}", live=True, memory_total=64 * GIB, memory_free=4 * GIB
                ),
            ),
            (
                "host",
                Host(
                    ref=f"h{number}", uuid=f"{uuid}-h{number}", name_label=f"xen-{uuid}-{number}", metrics=f"m{number}"
                ),
            ),
        ]
    records += [
        ("sr", SR(ref="s1", uuid=f"{uuid}-s1", name_label="SAN", shared=True, physical_size=900 * GIB)),
        ("sr", SR(ref="s2", uuid=f"{uuid}-s2", name_label="Tools", content_type="iso")),
        ("network", Network(ref="n1", uuid=f"{uuid}-n1", name_label=f"{uuid}-dmz")),
        ("network", Network(ref="n2", uuid=f"{uuid}-n2", name_label=f"{uuid}-data", PIFs=("i2",))),
        ("pif", PIF(ref="i2", uuid=f"{uuid}-i2", device="bond0", network="n2")),
        ("network", Network(ref="n3", uuid=f"{uuid}-n3", name_label="Host internal", other_config=INTERNAL)),
        ("network", Network(ref="n4", uuid=f"{uuid}-n4", name_label="Hidden", other_config=HIDDEN)),
        ("network", Network(ref="n5", uuid=f"{uuid}-n5", name_label="Card 1 of a bond")),
        ("pif", PIF(ref="i5", uuid=f"{uuid}-i5", network="n5", bond_slave_of="b1")),
    ]
    changes = tuple(Change(ref=record.ref, class_name=kind, record=record) for kind, record in records)
    inventory.apply(ChangeBatch(changes=changes, is_whole=True))
    return inventory
