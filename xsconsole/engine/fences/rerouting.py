"""The plan that gives the routers of fences other rules: written to their disks while they are off."""

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from xsconsole.domain.actions.fences import CheckFence, ReseedRouter, WriteFence
from xsconsole.domain.actions.service import SwitchOff
from xsconsole.domain.board import Board
from xsconsole.domain.disks import SEED_ROLE, drives_of, role_of_disk
from xsconsole.domain.fence.changing import connecting, parting, publishing
from xsconsole.domain.fence.findings import findings
from xsconsole.domain.fence.router import router_files
from xsconsole.domain.fence.standing import StandingFence, fence_text_on, standing_text
from xsconsole.domain.fence.values import Fence
from xsconsole.domain.fence.wording import changed_rules
from xsconsole.domain.ids import StepKey
from xsconsole.domain.inventory import VDI, VM, Host, Inventory
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Estimate, Plan, RunKind, Start, Verify
from xsconsole.domain.words import size
from xsconsole.engine.copies.copying import DISK_S
from xsconsole.engine.fence_commands import Connect, Publish
from xsconsole.engine.fences.building import files_of
from xsconsole.engine.fences.drawn import demand_fence, keys_of
from xsconsole.engine.fences.undeploying import demand_card
from xsconsole.engine.plans import rules
from xsconsole.engine.plans.intents import intent_in
from xsconsole.engine.plans.placement import memory_of
from xsconsole.engine.plans.steps import SHUT_DOWN_S, START_S, Steps
from xsconsole.engine.provisions.cidata import size_of
from xsconsole.errors import NotPromotable

DOWN_S = SHUT_DOWN_S + DISK_S + START_S  # for which a router lets nothing pass


def plan_reroute(command: Publish | Connect, board: Board, inventory: Inventory, actor: str) -> Plan:
    """Write the documents, then each router's disk while it is off, and start those routers again that ran.

    While a router is off, nothing passes its fence; the machines inside go on.

    Raises:
        Refused: it would change nothing, could not work, or a router is gone.
    """
    standing = demand_fence(inventory, command.configuration)
    match command:
        case Publish():
            changes = [(standing, publishing(standing.fence, command.published))]
            also: tuple[StandingFence, ...] = ()
        case Connect():
            other = demand_fence(inventory, command.other)
            first, second = (parting if command.parts else connecting)(standing, other)
            changes, also = [(standing, first), (other, second)], (other,)
    for one, fence in changes:
        _demand_sound(one, fence)
    cards = [demand_card(one, board.cards.get(one.configuration), board, actor) for one, _ in changes]
    steps, told, routers = Steps(), [], []
    for one, fence in changes:
        router = _demand_router(one, inventory)
        routers.append(router)
        is_first = not any(each.power_state == "Running" for each in routers[:-1])  # the others are off meanwhile
        _add_change(steps, one, fence, router, inventory, downtime_s=DOWN_S if is_first else 0.0)
        told += [f"{shortened(fence.name, 60)}: {sentence}" for sentence in changed_rules(one.fence, fence)]
        if router.power_state == "Running":
            told.append(
                f"The router of {shortened(fence.name, 60)} is shut down and started again: nothing passes meanwhile."
            )
    running = tuple(sorted(router.uuid for router in routers if router.power_state == "Running"))
    steps.add(Verify(members={}, running=running), cards[0].name, _ends(steps))
    workflow = rules.workflow_of(board)
    others = tuple(one.configuration for one in also)
    return Plan(
        intent=msgspec.structs.replace(intent_in(RunKind.REROUTE, cards[0], workflow), beside=others),
        steps=steps.all,
        leases=rules.leases_for(cards[0].id, cards[0].service, (), also=others),
        warnings=tuple(told),
        asks=True,
    )


def _demand_sound(standing: StandingFence, fence: Fence) -> None:
    if fence == standing.fence:
        raise NotPromotable(
            reason=f"The rules of “{shortened(fence.name, 60)}” are so already.", mend="Ask for something else."
        )
    wrong = next((one for one in findings(fence) if one.is_error), None)
    if wrong is not None:
        raise NotPromotable(reason=wrong.sentence, mend=wrong.mend)


def _demand_router(standing: StandingFence, inventory: Inventory) -> VM:
    router = inventory.by_uuid(VM, standing.site.router) if standing.site.router is not None else None
    if router is None:
        raise NotPromotable(
            reason=f"“{shortened(standing.fence.name, 60)}” has no router, or it is gone.",
            mend="Discard the fence, and deploy another one.",
        )
    if router.power_state not in ("Running", "Halted"):
        raise NotPromotable(
            reason=f"“{shortened(router.name_label, 60)}” is {router.power_state.casefold()}.",
            mend="Start it, or shut it down.",
        )
    return router


def _add_change(
    steps: Steps, standing: StandingFence, fence: Fence, router: VM, inventory: Inventory, *, downtime_s: float
) -> None:
    name, configuration = fence.name, standing.configuration
    device, disk = _seed_of(router, inventory)
    files = files_of(router_files(fence, configuration))
    if size_of(files) > disk.virtual_size:
        raise NotPromotable(
            reason=f"The disk of the router has {size(disk.virtual_size)}, and the rules need {size(size_of(files))}.",
            mend="Publish fewer ports.",
        )
    written = steps.add(
        WriteFence(
            configuration=configuration,
            document=standing_text(replace(standing, fence=fence)),
            original=fence_text_on(keys_of(inventory), configuration),
        ),
        name,
    )
    ready = [written]
    is_on = router.power_state == "Running"
    if is_on:
        rules.demand_operation(router, "clean_shutdown", inventory)
        off = Estimate(seconds=SHUT_DOWN_S, downtime_s=downtime_s)
        ready = [steps.add(SwitchOff(vm=router.uuid), router.name_label, ready, off)]
    seeding = ReseedRouter(
        vm=router.uuid,
        device=device,
        size_bytes=disk.virtual_size,
        files=files,
        original=files_of(router_files(standing.fence, configuration)),
    )
    ready = [steps.add(seeding, router.name_label, ready, Estimate(seconds=DISK_S))]
    ready = [steps.add(CheckFence(configuration=configuration), name, ready)]
    if is_on:
        host = inventory.get(Host, router.resident_on)
        memory = Estimate(seconds=START_S, memory_bytes=memory_of(router))
        on = host.uuid if host is not None else None
        steps.add(Start(vm=router.uuid), router.name_label, ready, memory, host=on)


def _seed_of(router: VM, inventory: Inventory) -> tuple[str, VDI]:
    found = next(
        ((drive.userdevice, disk) for drive, disk in drives_of(inventory, router) if role_of_disk(drive) == SEED_ROLE),
        None,
    )
    if found is None:
        raise NotPromotable(
            reason=f"“{shortened(router.name_label, 60)}” has no disk for cloud-init any more.",
            mend="Discard the fence, and deploy another one.",
        )
    return found


def _ends(steps: Steps) -> Sequence[StepKey]:
    followed = {key for step in steps.all for key in step.after}
    return [step.key for step in steps.all if step.key not in followed]
