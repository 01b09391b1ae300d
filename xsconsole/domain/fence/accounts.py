"""Machine accounts: what can be known of guests that would show themselves to a domain controller as another one.

A guest that is joined to a domain has an account there with a password that it changes by itself. A copy has the same
account: once either of the two has changed it, the other one is trusted no more. XAPI tells which guests are Windows,
and what they are called; that one is joined, only an agent can tell that says the domain, and of Linux nobody does.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from xsconsole.domain.fence.findings import Finding
from xsconsole.domain.fence.ground import Ground
from xsconsole.domain.fence.values import FenceMode
from xsconsole.domain.inventory import VM, GuestMetrics, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.words import listing
from xsconsole.domain.workflow.findings.values import Severity


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """A Windows guest as it calls itself; `domain` is what its agent says of one, empty where it says nothing."""

    machine: str
    host_name: str = ""
    domain: str = ""

    @property
    def words(self) -> str:
        own = "\\".join(filter(None, (self.domain, self.host_name)))
        name = f"“{shortened(self.machine, 60)}”"
        return f"{name} ({shortened(own, 60)})" if own else name


def accounts_of(vms: Iterable[VM], inventory: Inventory) -> tuple[Account, ...]:
    """Return the Windows guests among machines, by what their agents said last or, without one, by their settings."""
    found = []
    for vm in vms:
        guest = inventory.get(GuestMetrics, vm.guest_metrics)
        if _is_windows(vm, guest):
            names = guest.netbios_name if guest is not None else {}
            account = Account(
                machine=vm.name_label, host_name=names.get("host_name", ""), domain=names.get("domain", "")
            )
            found.append(account)
    return tuple(found)


def _is_windows(vm: VM, guest: GuestMetrics | None) -> bool:
    system = guest.os_version if guest is not None else {}
    if system:
        return system.get("distro", "").casefold() == "windows" or "windows" in system.get("name", "").casefold()
    return vm.platform.get("viridian") == "true"


def findings_inside(mode: FenceMode, accounts: Iterable[Account], ground: Ground) -> Iterator[Finding]:
    """Yield what is to be said where guests in a fence can look out: a controller may be there."""
    accounts = tuple(accounts)
    if mode is FenceMode.ISOLATED or not accounts:
        return
    barred = f" but {', '.join(map(str, ground.barred))}" if ground.barred else ""
    yield Finding(
        rule="machine-account",
        severity=Severity.WARNING,
        sentence=f"{_names(accounts)} {_are(accounts)} Windows, and can look out to everything{barred}: a controller "
        "there would take it for its original, and once one of the two changes the password of that account the "
        "other is trusted no more." + _unknown(accounts),
        mend="Bar the addresses of the domain's controllers in the ground, or isolate the fence.",
    )


def findings_outside(accounts: Iterable[Account], originals: Iterable[str]) -> Iterator[Finding]:
    """Yield what is to be said where guests leave a fence while their `originals` stay."""
    accounts, names = tuple(accounts), tuple(originals)
    if accounts and names:
        yield Finding(
            rule="machine-account",
            severity=Severity.WARNING,
            sentence=f"{_names(accounts)} {_are(accounts)} Windows, with the host name and machine account of an "
            f"original that stays ({listing(tuple(shortened(name, 60) for name in names))}): a domain trusts only one "
            "of the two." + _unknown(accounts),
            mend="Rename it, and join it anew, before it leaves; or take the original out of the domain.",
        )


def _names(accounts: tuple[Account, ...]) -> str:
    return listing(tuple(account.words for account in accounts))


def _are(accounts: tuple[Account, ...]) -> str:
    return "is" if len(accounts) == 1 else "are"


def _unknown(accounts: tuple[Account, ...]) -> str:
    unknown = tuple(account for account in accounts if not account.domain)
    if not unknown:
        return ""
    whose = "it is" if len(accounts) == 1 else f"{_names(unknown)} {_are(unknown)}"
    return f" Whether {whose} joined to a domain is not known: a pool tells it only where the guest's agent says so."
