"""The templates that blueprints are made of, as they stand on a pool: what they carry, and which can be chosen."""

import msgspec

from xsconsole.domain.blueprint.findings import Template
from xsconsole.domain.blueprint.values import Blueprint
from xsconsole.domain.disks import drives_of
from xsconsole.domain.folding import natural
from xsconsole.domain.ids import BlueprintId, RunId, Uuid
from xsconsole.domain.inventory import VIF, VM, Inventory
from xsconsole.domain.poolstate import ARCHIVED_KEY, BLOCK_REASON_PREFIX, PREFIX, SCHEMA

TEMPLATE_KEY = PREFIX + "library"  # at a template
RECIPE = "disks"  # in other_config of a template: the disks that a machine is to be installed on
BLOCKED = {"destroy": f"{BLOCK_REASON_PREFIX}of the library"}


class TemplateMark(msgspec.Struct, frozen=True, kw_only=True):
    """What a template of the library carries. `vm` is its own uuid: a clone copies the value and is told apart by it.

    `run` is the one that made it; None: it was there before, and stays when nobody needs it any more.
    """

    schema: int = SCHEMA
    vm: Uuid
    blueprint: BlueprintId
    role: str
    run: RunId | None = None


def mark_text(mark: TemplateMark) -> str:
    return msgspec.json.encode(mark, order="sorted").decode()


def filled_mark(text: str, vm: Uuid, run: RunId) -> str:
    """Return the mark of a plan with what was not known when it was planned."""
    return mark_text(msgspec.structs.replace(msgspec.json.decode(text, type=TemplateMark), vm=vm, run=run))


def read_mark(vm: VM) -> TemplateMark | None:
    """Return the mark of a template's own; None where it has none, or that of what it was cloned of."""
    mark = _mark_at(vm)
    return mark if mark is not None and mark.vm == vm.uuid and not vm.is_a_snapshot else None


def arrived_from(vm: VM) -> Uuid | None:
    """Return of which template of a library a machine was made, where it carries the mark of that one only."""
    mark = _mark_at(vm)
    return mark.vm if mark is not None and mark.vm != vm.uuid else None


def _mark_at(vm: VM) -> TemplateMark | None:
    text = vm.other_config.get(TEMPLATE_KEY, "")
    try:
        return msgspec.json.decode(text, type=TemplateMark) if text else None
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


def templates_of(blueprint: Blueprint, inventory: Inventory) -> dict[Uuid, Template]:
    """Return what a pool has of a blueprint's templates, as the findings see them."""
    found = (inventory.by_uuid(VM, member.template) for member in blueprint.members)
    return {vm.uuid: template_of(vm, inventory) for vm in found if vm is not None and not vm.is_a_snapshot}


def template_of(vm: VM, inventory: Inventory) -> Template:
    disks = {
        int(drive.userdevice): disk.virtual_size
        for drive, disk in drives_of(inventory, vm)
        if drive.userdevice.isdecimal()
    }
    nics = (vif.device for ref in vm.VIFs if (vif := inventory.get(VIF, ref)) is not None)
    return Template(
        uuid=vm.uuid,
        name=vm.name_label,
        is_template=vm.is_a_template,
        disks=disks,
        interfaces=tuple(sorted(int(device) for device in nics if device.isdecimal())),
        is_protected="destroy" in vm.blocked_operations,
        is_marked=read_mark(vm) is not None,
        is_recipe=only_installs(vm),
    )


def only_installs(vm: VM) -> bool:
    """Return whether a template only says how to install a machine, as those do that XenServer brings along."""
    return vm.is_default_template or RECIPE in vm.other_config


def templates_to_choose(inventory: Inventory) -> tuple[Template, ...]:
    """Return the templates of a pool of which machines can be made, by name."""
    every = (vm for vm in inventory.all(VM) if vm.is_a_template and not vm.is_a_snapshot)
    found = [
        template_of(vm, inventory) for vm in every if not only_installs(vm) and ARCHIVED_KEY not in vm.other_config
    ]
    return tuple(sorted(found, key=lambda one: (natural(one.name), one.uuid)))
