"""Which network of a stage an interface of a copy belongs on: the one of the same logical name."""

from xsconsole.domain.ids import Uuid
from xsconsole.domain.inventory import VIF, VM, Inventory, Network
from xsconsole.domain.naming import shortened
from xsconsole.domain.workflow import Stage
from xsconsole.errors import NotPromotable


def present_networks(vm: VM, inventory: Inventory) -> dict[str, Uuid]:
    """Return the networks that a machine is on, by device."""
    found = {}
    for ref in vm.VIFs:
        vif = inventory.get(VIF, ref)
        network = inventory.get(Network, vif.network) if vif is not None else None
        if vif is not None and network is not None:
            found[vif.device] = network.uuid
    return dict(sorted(found.items()))


def networks_in(
    vm: VM, source: Stage, target: Stage, inventory: Inventory, abroad: Inventory | None = None
) -> dict[str, Uuid]:
    """Return the networks that a machine or its copy is put on, by device: none where both stages map alike.

    `abroad` is what the pool of the target has, where that is another one: then every interface is put somewhere.

    Raises:
        NotPromotable: an interface is on a network that the source stage does not name, or that the target lacks.
    """
    logical = {entry.network.uuid: entry.logical for entry in source.binding.networks}
    there = {entry.logical: entry.network for entry in target.binding.networks}
    is_alike = {name: uuid for uuid, name in logical.items()} == {name: found.uuid for name, found in there.items()}
    if is_alike and abroad is None:
        return {}
    put, whose = {}, "the" if abroad is None else "its"
    for device, present in present_networks(vm, inventory).items():
        network = inventory.by_uuid(Network, present)
        name = f"“{shortened(network.name_label if network else present, 60)}”"
        where = f"Interface {device} of “{shortened(vm.name_label, 60)}” is on network {name}"
        if present not in logical:
            raise NotPromotable(
                reason=f"{where}, which {source.name} does not map to a logical network.",
                mend=f"Map it for {source.name} in the workflow.",
            )
        wanted = there.get(logical[present])
        if wanted is None:
            raise NotPromotable(
                reason=f"{where}, and {target.name} has no network for “{shortened(logical[present], 60)}”.",
                mend=f"Map it for {target.name} in the workflow.",
            )
        if (abroad or inventory).by_uuid(Network, wanted.uuid) is None:
            raise NotPromotable(
                reason=f"{target.name} maps “{shortened(logical[present], 60)}” to "
                f"“{shortened(wanted.name or wanted.uuid, 60)}”, which {whose} pool does not have.",
                mend="Choose another network in the workflow.",
            )
        put[device] = wanted.uuid
    return put
