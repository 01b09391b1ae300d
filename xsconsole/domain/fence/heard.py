"""What guests of a fence report of their addresses, held against what was planned for them.

Nobody can give an address to a guest from outside: it has what is on its disk, or what somebody gives it. So whether it
has the address of its original is known only when it says so.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from ipaddress import IPv4Address

from xsconsole.domain.fence.drawing import addresses_of
from xsconsole.domain.fence.standing import StandingFence
from xsconsole.domain.fence.values import Foothold
from xsconsole.domain.guests import guest_of
from xsconsole.domain.ids import NULL_REF, Ref
from xsconsole.domain.inventory import VIF, VM, Inventory
from xsconsole.domain.words import count, listing


class Said(StrEnum):
    """How what a guest reports of a card is to what was planned."""

    AS_PLANNED = "as planned"
    OTHER = "another address"
    NOTHING = "nothing yet"
    OFF = "off"


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What is known of one card inside; `device` is its number, empty where the card is not there."""

    foothold: Foothold
    device: str
    said: Said
    addresses: tuple[IPv4Address, ...] = ()
    is_silent: bool = False  # it runs, and its tools have told nothing of any network so far
    has_dhcp: bool = False  # the fence gives addresses to who asks

    @property
    def card(self) -> str:
        """What to call it where an address is typed, such as `web-1.0`."""
        return f"{self.foothold.member}.{self.device or '?'}"

    @property
    def reported(self) -> str:
        """What is reported, in a few words; a dash of what is off."""
        match self.said:
            case Said.OFF:
                return "-"
            case Said.NOTHING:
                return Said.NOTHING.value
            case _:
                return ", ".join(map(str, self.addresses))

    @property
    def sentence(self) -> str:
        """Return planned beside reported; empty of what is off, and of what is as planned."""
        one = self.foothold
        match self.said:
            case Said.OTHER:
                return f"{one.member} was planned at {one.address} and reports {self.reported}."
            case Said.NOTHING if self.is_silent:
                return f"{one.member} was planned at {one.address} and has reported no address so far."
            case Said.NOTHING:
                return f"{one.member} was planned at {one.address}, and its guest tools report no IPv4 address."
            case _:
                return ""

    @property
    def mend(self) -> str:
        """Return what to do about another address, or none; empty where there is nothing to do yet."""
        if self.said is Said.NOTHING and not self.is_silent and not self.has_dhcp:
            return (
                f"If it asks for one by DHCP: this fence gives none. Set {self.foothold.address} in the guest, or "
                "deploy the fence anew with DHCP."
            )
        if self.said is not Said.OTHER:
            return ""
        return (
            f"The router takes nothing from that address. Set {self.foothold.address} in the guest, or deploy the "
            f"fence anew with the address that it has: --address {self.card}={self.addresses[0]}."
        )


def hear(standing: StandingFence, inventory: Inventory) -> tuple[Heard, ...]:
    """Return what is known of each card of a fence's members, in its order."""
    return tuple(_heard(one, standing, inventory) for one in standing.fence.footholds)


def speakers(standing: StandingFence, inventory: Inventory) -> frozenset[Ref]:
    """Return where the pool keeps what the guests of a fence report."""
    vms = (inventory.by_uuid(VM, uuid) for uuid in standing.site.members.values())
    return frozenset(vm.guest_metrics for vm in vms if vm is not None) - {NULL_REF}


def astray(heard: Iterable[Heard]) -> tuple[Heard, ...]:
    """Return those that report another address than was planned."""
    return tuple(one for one in heard if one.said is Said.OTHER)


def is_unheard(heard: Iterable[Heard]) -> bool:
    """Return whether guests run, and none of them has reported an address."""
    asked = {one.said for one in heard} - {Said.OFF}
    return asked == {Said.NOTHING}


def in_short(heard: Iterable[Heard]) -> str:
    """Return how many cards report what, such as `3 of 4 addresses as planned`; empty where nobody runs."""
    asked = [one for one in heard if one.said is not Said.OFF]
    if not asked:
        return ""
    good = sum(one.said is Said.AS_PLANNED for one in asked)
    told = [f"{good} of {count(len(asked), 'address', 'addresses')} as planned"]
    for said, words in ((Said.OTHER, "otherwise"), (Said.NOTHING, "not reported yet")):
        number = sum(one.said is said for one in asked)
        told += [f"{number} {words}"] if number else []
    return listing(tuple(told))


def field_by_field(heard: Iterable[Heard]) -> str:
    """Return, of each card that runs, what was planned and what is reported, those that differ first and with the mend.

    Empty where nobody runs.
    """
    found = tuple(heard)
    amiss = [
        f"{one.sentence} {one.mend}".strip() for one in (*astray(found), *(o for o in found if o.said is Said.NOTHING))
    ]
    good = tuple(f"{one.foothold.member} {one.foothold.address}" for one in found if one.said is Said.AS_PLANNED)
    return " ".join((*amiss, *([f"As planned: {listing(good, len(good))}."] if good else [])))


def _heard(foothold: Foothold, standing: StandingFence, inventory: Inventory) -> Heard:
    uuid = standing.site.members.get(foothold.member)
    vm = inventory.by_uuid(VM, uuid) if uuid is not None else None
    vifs = [vif for ref in (vm.VIFs if vm is not None else ()) if (vif := inventory.get(VIF, ref)) is not None]
    device = next((vif.device for vif in vifs if vif.MAC.lower() == foothold.mac.lower()), "")
    if vm is None or vm.power_state != "Running" or not device:
        return Heard(foothold=foothold, device=device, said=Said.OFF)
    found, guest = addresses_of(inventory, vm, device), guest_of(inventory, vm)
    is_silent, has_dhcp = guest is None or not guest.networks, standing.fence.services.has_dhcp
    said = Said.NOTHING if not found else Said.AS_PLANNED if foothold.address in found else Said.OTHER
    return Heard(foothold=foothold, device=device, said=said, addresses=found, is_silent=is_silent, has_dhcp=has_dhcp)
