"""Which networks machines can be put on."""

from xsconsole.domain.ids import NULL_REF
from xsconsole.domain.inventory import PIF, Inventory, Network

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
