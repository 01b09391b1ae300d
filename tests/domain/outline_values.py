"""Records and outlines for the outline's tests, as a pool's feed would bring them."""

from xsconsole.domain.ids import ConfigurationId, Digest, Ref, StageId, Uuid, WorkflowId
from xsconsole.domain.inventory import SR, VM, Change, ChangeBatch, Host, HostMetrics, Inventory, Network, Pool
from xsconsole.domain.outline import Outline
from xsconsole.domain.poolstate import MEMBER_STEM, MemberValue, encode

CLASS_NAMES = {Pool: "pool", Host: "host", HostMetrics: "host_metrics", VM: "vm", SR: "sr", Network: "network"}
HOSTS = tuple(Ref(f"OpaqueRef:host-{number}") for number in range(4))


def change(record):
    return Change(ref=record.ref, class_name=CLASS_NAMES[type(record)], record=record)


def pool(**fields):
    return Pool(ref=Ref("OpaqueRef:pool"), uuid=Uuid("pool"), **{"name_label": "acme", **fields})


def host(number, name, **fields):
    ref = Ref(f"OpaqueRef:host-{number}")
    return Host(ref=ref, uuid=Uuid(ref), name_label=name, metrics=Ref(f"OpaqueRef:metrics-{number}"), **fields)


def vm(name, **fields):
    return VM(ref=Ref(f"OpaqueRef:{name}"), uuid=Uuid(name), name_label=name, **fields)


def member_of(vm_uuid, *, carried_by=None, stage="staging"):
    value = MemberValue(
        vm=Uuid(vm_uuid),
        configuration=ConfigurationId("c-1"),
        name="shop 1.3.0",
        service="shop",
        version="1.3.0",
        stage=StageId(stage),
        workflow=WorkflowId("release"),
        workflow_version=1,
        role="web",
        revision=1,
        roster_count=1,
        roster_digest=Digest(""),
    )
    return vm(carried_by or vm_uuid, other_config={f"{MEMBER_STEM}.1": encode(value)})


def outline_of(*records):
    inventory = Inventory()
    inventory.apply(ChangeBatch(changes=tuple(change(record) for record in records), is_whole=True))
    outline = Outline(inventory)
    outline.settle_all()
    return inventory, outline


def tell(inventory, outline, *records):
    batch = ChangeBatch(changes=tuple(change(record) for record in records))
    inventory.apply(batch)
    outline.hear(batch)
    return outline.settle_all()
