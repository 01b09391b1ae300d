"""Which networks machines can be put on, and which they are on."""

from collections.abc import Iterable

from xsconsole.domain.ids import NULL_REF, Uuid
from xsconsole.domain.inventory import PIF, VIF, VM, Inventory, Network

# Of `other_config`: what XenCenter does not offer for machines either.
HIDING_KEYS = ("is_guest_installer_network", "is_host_internal_management_network", "HideFromXenCenter")


def networks_for_machines(inventory: Inventory) -> tuple[Network, ...]:
    """Return the networks to choose from: not a host's own, none that is hidden, and no cards that a bond took."""
    bonded = {pif.network for pif in inventory.all(PIF) if pif.bond_slave_of not in ("", NULL_REF)}
    return tuple(
        one
        for one in inventory.all(Network)
        if one.ref not in bonded and not any(one.other_config.get(key) == "true" for key in HIDING_KEYS)
    )


def networks_used(vms: Iterable[VM], inventory: Inventory) -> dict[Uuid, str]:
    """Return the names of the networks that machines and their snapshots are on, by uuid and in the order of names."""
    machines = list(vms)
    snapshots = [one for vm in machines for ref in vm.snapshots if (one := inventory.get(VM, ref)) is not None]
    nics = (inventory.get(VIF, ref) for vm in (*machines, *snapshots) for ref in vm.VIFs)
    held = (inventory.get(Network, nic.network) for nic in nics if nic is not None)
    names = {network.uuid: network.name_label for network in held if network is not None}
    return dict(sorted(names.items(), key=lambda each: (each[1], each[0])))
