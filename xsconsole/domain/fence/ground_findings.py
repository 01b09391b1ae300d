"""What is to be said of the ground of a pool before fences are built on it."""

from collections.abc import Iterator
from itertools import combinations

from xsconsole.domain.disks import disks_of
from xsconsole.domain.fence.findings import Finding
from xsconsole.domain.fence.ground import Ground
from xsconsole.domain.fence.spanning import findings_of_tags
from xsconsole.domain.inventory import VM, Inventory, Network
from xsconsole.domain.naming import shortened
from xsconsole.domain.workflow.findings.values import Severity


def ground_findings(ground: Ground, inventory: Inventory) -> tuple[Finding, ...]:
    """Return what is wrong with it by itself and on this pool, errors first. Nothing is built on one with an error."""
    found = (*_of_addresses(ground), *_of_originals(ground, inventory), *_of_pool(ground, inventory))
    rank = {severity: at for at, severity in enumerate(Severity)}
    return tuple(sorted(found, key=lambda one: (rank[one.severity], one.rule, one.subject)))


def _said(severity: Severity, rule: str, sentence: str, mend: str, subject: str = "") -> Finding:
    return Finding(rule=rule, severity=severity, sentence=sentence, mend=mend, subject=subject)


def _of_addresses(ground: Ground) -> Iterator[Finding]:
    for network in ground.pool:
        if not network.subnet_of(ground.subnet):
            yield _said(
                Severity.ERROR,
                "pool-outside-subnet",
                f"The addresses for fences {network} are not of the outside network {ground.subnet}.",
                "Name addresses of that subnet which nobody else has.",
                str(network),
            )
        if any(network.overlaps(barred) for barred in ground.barred):
            yield _said(
                Severity.ERROR,
                "pool-barred",
                f"The addresses for fences {network} are of a barred network.",
                "Bar another network, or name other addresses.",
                str(network),
            )
    if next(ground.free_addresses(()), None) is None:
        yield _said(
            Severity.ERROR,
            "pool-empty",
            "There is no address for fences.",
            "Name some of the outside network that nobody else has.",
        )
    if ground.gateway is not None and ground.gateway not in ground.subnet:
        yield _said(
            Severity.ERROR,
            "gateway-outside-subnet",
            f"The gateway {ground.gateway} is not of the outside network {ground.subnet}.",
            "Correct the gateway or the subnet.",
        )
    if any(ground.subnet.subnet_of(barred) for barred in ground.barred):
        yield _said(
            Severity.WARNING,
            "all-barred",
            f"All of the outside network {ground.subnet} is barred: nothing of it speaks with a fence.",
            "Bar only those networks with which nothing inside may speak.",
        )


def _of_originals(ground: Ground, inventory: Inventory) -> Iterator[Finding]:
    for one in ground.originals:
        name = shortened(one.name, 60)
        if inventory.by_uuid(Network, one.network) is None:
            yield _said(
                Severity.WARNING,
                "original-gone",
                f"The pool has no network with the uuid of “{name}”.",
                "Correct its uuid, or take it out.",
                one.name,
            )
        if one.gateway is not None and one.gateway not in one.subnet:
            yield _said(
                Severity.ERROR,
                "gateway-elsewhere",
                f"The gateway {one.gateway} of “{name}” is not in {one.subnet}.",
                "Correct the gateway or the subnet.",
                one.name,
            )
        if any(one.subnet.overlaps(network) for network in (ground.subnet, *ground.pool)):
            yield _said(
                Severity.ERROR,
                "original-outside",
                f"“{name}” has {one.subnet}, which overlaps with the outside network {ground.subnet}: "
                "a fence of it could not tell inside from outside.",
                "Let fences look out on another network.",
                one.name,
            )
    for one, other in combinations(ground.originals, 2):
        if one.network == other.network:
            yield _said(
                Severity.ERROR,
                "original-twice",
                f"“{shortened(one.name, 60)}” is described twice.",
                "Keep one of the two.",
                one.name,
            )


def _of_pool(ground: Ground, inventory: Inventory) -> Iterator[Finding]:
    outside = inventory.by_uuid(Network, ground.outside)
    if outside is None:
        yield _said(
            Severity.ERROR,
            "outside-gone",
            f"The pool has no network with the uuid of “{shortened(ground.outside_name, 60)}”.",
            "Correct the uuid of the outside network.",
        )
    elif not outside.PIFs:
        yield _said(
            Severity.WARNING,
            "outside-inside",
            f"“{shortened(outside.name_label, 60)}” has no card of a host: nothing comes from outside.",
            "Let fences look out on a network that leads somewhere.",
        )
    if ground.router is None:
        yield _said(
            Severity.WARNING,
            "no-router",
            "No template for routers is named: no fence with a gateway can be built.",
            "Name one; `docs/fences.md` says what has to be in it.",
        )
    else:
        yield from _of_template(inventory.by_uuid(VM, ground.router), inventory)
    keys = inventory.pool.other_config if inventory.pool is not None else {}
    yield from findings_of_tags(ground, keys, inventory)


def _of_template(template: VM | None, inventory: Inventory) -> Iterator[Finding]:
    if template is None or template.is_a_snapshot or not template.is_a_template:
        yield _said(
            Severity.ERROR,
            "router-gone",
            "The pool has no template with the uuid that is named for routers.",
            "Name a template; `docs/fences.md` says how to make one.",
        )
    elif not disks_of(inventory, template):
        yield _said(
            Severity.ERROR,
            "router-bare",
            f"The template “{shortened(template.name_label, 60)}” has no disk: there is nothing on it to start.",
            "Name a template of an installed machine.",
        )
