"""Records and outlines for the outline's tests, as a pool's feed would bring them."""

from datetime import UTC, datetime

from tests.inventories import change_of, inventory_of
from xsconsole.domain.ids import ConfigurationId, Digest, Ref, StageId, Uuid, WorkflowId
from xsconsole.domain.inventory import (
    VM,
    ChangeBatch,
    Host,
    Pool,
)
from xsconsole.domain.inventory_filter import inventory_schema
from xsconsole.domain.outline.lines import Outline
from xsconsole.domain.poolstate import MEMBER_STEM, MemberValue, encode
from xsconsole.domain.query.matching import asked_of_many
from xsconsole.domain.query.parser import query_of

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
POOL = Ref("OpaqueRef:pool")
HOSTS = tuple(Ref(f"OpaqueRef:host-{number}") for number in range(4))


def pool(**fields):
    return Pool(ref=POOL, uuid=Uuid("pool"), **{"name_label": "acme", **fields})


def host(number, name, **fields):
    ref = Ref(f"OpaqueRef:host-{number}")
    return Host(ref=ref, uuid=Uuid(ref), name_label=name, metrics=Ref(f"OpaqueRef:metrics-{number}"), **fields)


def vm(name, **fields):
    return VM(ref=Ref(f"OpaqueRef:{name}"), uuid=Uuid(name), name_label=name, **fields)


def value_of(vm_uuid, service="shop", stage="staging", version="1.3.0", is_own=True):
    """Return the keys of a member; none without a service. One that is not the VM's own makes it a stray."""
    if service is None:
        return {}
    value = MemberValue(
        vm=Uuid(vm_uuid if is_own else "another"),
        configuration=ConfigurationId(f"c-{version}"),
        name=f"shop {version}",
        service=service,
        version=version,
        stage=StageId(stage),
        workflow=WorkflowId("release"),
        workflow_version=1,
        role="web",
        revision=1,
        roster_count=1,
        roster_digest=Digest(""),
    )
    return {f"{MEMBER_STEM}.1": encode(value)}


def member_of(vm_uuid, *, carried_by=None, stage="staging"):
    return vm(carried_by or vm_uuid, other_config=value_of(vm_uuid, stage=stage))


def outline_of(*records):
    inventory = inventory_of(*records)
    outline = Outline(inventory)
    outline.settle_all()
    return inventory, outline


def tell(inventory, outline, *records):
    batch = ChangeBatch(changes=tuple(map(change_of, records)))
    inventory.apply(batch)
    outline.hear(batch)
    return outline.settle_all()


def asks_for(inventory, text):
    """Return what a text asks of the items of an inventory; None where it asks for everything."""
    schema = inventory_schema(inventory)
    return asked_of_many(query_of(text, schema), schema, NOON) if text.strip() else None


def look_for(inventory, outline, text):
    outline.set_filter(asks_for(inventory, text))
    return outline.settle_all()
