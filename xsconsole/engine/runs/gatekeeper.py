"""Gates of the workflow: what is unmet before anyone asks, and the waiting for each as a step of the run.

What the records tell of is looked at again and again until the gate's time is up. Scripts, requests and addresses are
tried through a `Prober`, which belongs to this console's machine.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import replace
from typing import Protocol, assert_never

import msgspec

from xsconsole.domain.actions.copies import VerifyCopies
from xsconsole.domain.actions.fences import HearMembers
from xsconsole.domain.board import Board, Card, Member, Standing
from xsconsole.domain.continuing import version_on
from xsconsole.domain.gates import Answer, Elsewhere, Scene, judge, judge_approved
from xsconsole.domain.gates.judging import addresses_of, members_of
from xsconsole.domain.ids import Digest, StageId, StepKey, Uuid
from xsconsole.domain.inventory import VM, Inventory
from xsconsole.domain.manifest import Manifest
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import CheckApproved, CheckGate, Estimate, Intent, Override, Plan, Step, Verify
from xsconsole.domain.poolstate import MemberValue, RunRecord
from xsconsole.domain.wording.record import NOT_MET
from xsconsole.domain.words import count, listing
from xsconsole.domain.workflow import Transition, Workflow
from xsconsole.domain.workflow.gates import (
    AddressesAnswer,
    Checklist,
    Gate,
    HttpCall,
    Measure,
    NoDrift,
    Script,
    When,
)
from xsconsole.domain.workflow.names import gate_name
from xsconsole.engine.ports import Clock, Prober
from xsconsole.errors import GateNotMet

USUAL_TIMEOUT_S = {When.BEFORE: 60, When.AFTER: 300}
POLL_S = 1.0
CHECK_S = 2.0


class World(Protocol):
    """The pool as last heard of."""

    @property
    def inventory(self) -> Inventory: ...

    @property
    def board(self) -> Board: ...

    async def caught_up(self) -> None:
        """Wait until the board shows all that was heard so far: it is made anew a little later."""


def is_kept(gate: Gate) -> bool:
    """Return whether this console keeps such a gate. What it does not is refused by `enforcement`."""
    match gate:
        case Checklist(when=When.AFTER):
            return False
        case _:
            return True


def wants_approved(way: Transition) -> bool:
    """Return whether a gate compares with what is approved or confirmed, so that the plan has to hold that."""
    return any(_is_against_approved(gate) for gate in way.gates)


def gated(plan: Plan, way: Transition, passed: Collection[Override] = (), approved: str = "") -> Plan:
    """Return the plan with the transition's gates as its first steps and, after its verification, its last.

    Gates that an emergency has `passed` are none of them. `approved` is the text of the manifest that is confirmed or
    approved, empty where no gate compares with it.
    """
    keys = {override.key for override in passed}
    before = tuple(
        _step(plan, gate, f"before-{number}-gate", approved)
        for number, gate in _numbered(way, When.BEFORE)
        if gate_key(int(number)) not in keys
    )
    after = tuple(
        _step(plan, gate, f"zz-after-{number}-gate", approved, plan.ends) for number, gate in _numbered(way, When.AFTER)
    )
    first = tuple(step.key for step in before)
    middle = tuple(
        msgspec.structs.replace(step, after=first) if first and not step.after else step for step in plan.steps
    )
    asks = plan.asks or any(isinstance(gate, Checklist) for gate in way.gates)
    notes = (*plan.notes, *_told(way))
    return msgspec.structs.replace(plan, steps=(*before, *middle, *after), asks=asks, notes=notes)


def _told(way: Transition) -> Iterator[str]:
    """Yield what becomes of the run where a gate afterwards is not met: it is put back, which is no demotion."""
    names = dict.fromkeys(gate_name(gate) for gate in way.gates if gate.when is When.AFTER and gate.leads_back)
    if names:
        yield (
            f"If {listing(tuple(names), len(names))} is not met afterwards, all of it is put back by itself. Nobody is "
            "asked for that, whatever the way back demands."
        )


def gate_key(number: int) -> str:
    """Return by which key an emergency passes the gate of this number, from 1, of a transition."""
    return f"gate-{number}"


def _numbered(way: Transition, when: When) -> list[tuple[str, Gate]]:
    return [(f"{number:02d}", gate) for number, gate in enumerate(way.gates, start=1) if gate.when is when]


def _is_against_approved(gate: Gate) -> bool:
    return isinstance(gate, NoDrift) and gate.against is Measure.APPROVED


def _step(plan: Plan, gate: Gate, key: str, approved: str, after: tuple[StepKey, ...] = ()) -> Step:
    is_compared = _is_against_approved(gate)
    return Step(
        key=StepKey(key),
        action=CheckApproved(gate=gate, approved=approved) if is_compared else CheckGate(gate=gate),
        subject=shortened(plan.intent.name, 80),
        after=after,
        estimate=Estimate(seconds=CHECK_S),
    )


def remarks_of(record: RunRecord) -> dict[StepKey, str]:
    """Return what was found amiss that a run went past, in the order of its steps."""
    found = ((step.key, _remark(step, record.results.get(step.key, ""))) for step in record.plan.steps)
    return {key: remark for key, remark in found if remark}


def _remark(step: Step, result: str) -> str:
    match step.action:
        case CheckGate(gate=gate) if result.startswith(NOT_MET):
            found = result.removeprefix(NOT_MET)
            return f"The gate “{gate_name(gate)}” is not met, and nothing is put back for it: {found}"
        case Verify() | VerifyCopies():
            return result
        case HearMembers() if result.startswith(NOT_MET):
            return result.removeprefix(NOT_MET)
        case _:
            return ""


class Gatekeeper:
    """Waits at gates, for the runs of one engine. `other` is the other pool of a run that leads from one to another."""

    def __init__(self, world: World, clock: Clock, prober: Prober, other: World | None = None) -> None:
        self.world = world
        self._clock = clock
        self._prober = prober
        self._other = other

    def beside(self, other: "Gatekeeper") -> "Gatekeeper":
        """Return one that looks at another one's pool too."""
        return Gatekeeper(self.world, self._clock, self._prober, other.world)

    async def look(self, is_settled: Callable[[Inventory], bool], within_s: float) -> Inventory:
        """Wait until the pool as last heard of shows something, or the time is up, and return it."""
        end_s = self._clock.monotonic_s() + within_s
        while not is_settled(self.world.inventory) and self._clock.monotonic_s() + POLL_S <= end_s:
            await self._clock.sleep(POLL_S)
        return self.world.inventory

    async def pass_through(
        self, gate: Gate, plan: Plan, approved: str = "", machines: Sequence[Uuid] | None = None
    ) -> str:
        """Wait until the gate is met, and return what was seen; one that leads nowhere back only says so.

        `approved` is the text of the manifest that one against what was approved compares with. `machines` are those
        that it looks at where they are no configuration.

        Raises:
            GateNotMet: its time is up, and the run must not go on, or must go back.
        """
        timeout_s = float(gate.timeout_s or USUAL_TIMEOUT_S[gate.when])
        began_s = self._clock.monotonic_s()
        end_s = began_s + timeout_s
        while True:
            left_s = max(end_s - self._clock.monotonic_s(), POLL_S)
            answer = await self._answer(gate, plan, approved, left_s, machines)
            if answer.is_met:
                return answer.sentence
            if self._clock.monotonic_s() + POLL_S > end_s or isinstance(gate, Script):
                break
            await self._clock.sleep(POLL_S)
        if gate.when is When.AFTER and not gate.leads_back:
            return f"{NOT_MET}{answer.sentence}"
        waited_s = self._clock.monotonic_s() - began_s
        raise GateNotMet(gate=gate_name(gate), sentence=answer.sentence, waited_s=waited_s, mend=answer.mend)

    async def _answer(
        self, gate: Gate, plan: Plan, approved: str, left_s: float, machines: Sequence[Uuid] | None
    ) -> Answer:
        scene = self._scene(plan, gate.when, machines)
        if scene is None:
            return Answer(is_met=False, sentence="The configuration is not on the board.")
        match gate:
            case AddressesAnswer():
                return await self._addresses(gate, scene, left_s)
            case Script():
                return await self._prober.run_script(gate.argv, _environment(scene, plan.intent), left_s)
            case HttpCall():
                return await self._prober.request(gate.method, gate.url, left_s)
            case Checklist():
                # Nobody confirms a plan whose questions are not answered: see `Engine.open`.
                return Answer(is_met=True, sentence="Answered with yes by whoever confirmed the plan.")
            case NoDrift(against=Measure.APPROVED):
                return judge_approved(msgspec.json.decode(approved, type=Manifest), scene, plan.intent)
            case _:
                return judge(gate, scene)
        assert_never(gate)

    def _scene(self, plan: Plan, when: When, machines: Sequence[Uuid] | None = None) -> Scene | None:
        """Return what a gate looks at: after a copying that is the configuration that came into being."""
        board, intent = self.world.board, plan.intent
        workflow = self._version_of(plan, board.workflow)
        made = intent.makes if when is When.AFTER else None
        card = board.cards.get(made or intent.configuration)
        target = workflow.stage(intent.target) if workflow and intent.target else None
        if machines is not None:
            card = _card_apart(plan.intent, machines, self.world.inventory)
        if card is None:
            return None
        if when is When.AFTER and intent.target is not None:
            # Until the run ends the card stands where it began; its networks are those of the stage it has come to.
            card = replace(card, stage=intent.target)
        other = self._other
        return Scene(
            card=card,
            target=target,
            board=board,
            inventory=self.world.inventory,
            at=self._clock.now(),
            elsewhere=None if other is None else Elsewhere(board=other.board, inventory=other.inventory),
            leaving=intent.incumbent,
        )

    def _version_of(self, plan: Plan, standing: Workflow | None) -> Workflow | None:
        """Return the version that the plan was approved under, as long as it is kept on the pool."""
        if standing is None or plan.demand is None or standing.version == plan.intent.workflow_version:
            return standing
        pool = self.world.inventory.pool
        return version_on(pool.other_config if pool is not None else {}, plan.demand.workflow) or standing

    async def _addresses(self, gate: AddressesAnswer, scene: Scene, left_s: float) -> Answer:
        known = {vm.name_label: addresses_of(vm, scene.inventory) for vm in members_of(scene)}
        unknown = sorted(name for name, addresses in known.items() if not addresses)
        if unknown:
            return Answer(is_met=False, sentence=f"{shortened(unknown[0], 60)} reports no address.")
        tried = [(name, address) for name, addresses in known.items() for address in addresses[:1]]
        async with asyncio.TaskGroup() as group:
            answers = [group.create_task(self._prober.reach(address, gate.port, left_s)) for _, address in tried]
        silent = [
            f"{shortened(name, 60)}: {task.result().sentence}"
            for (name, _), task in zip(tried, answers, strict=True)
            if not task.result().is_met
        ]
        if silent:
            more = f" And {count(len(silent) - 1, 'machine more', 'machines more')}." if len(silent) > 1 else ""
            return Answer(is_met=False, sentence=f"{silent[0]}{more}")
        where = f"port {gate.port}" if gate.port else "ping"
        return Answer(is_met=True, sentence=f"{len(tried)} of {len(tried)} machines answer ({where}).")


def _card_apart(intent: Intent, machines: Sequence[Uuid], inventory: Inventory) -> Card | None:
    """Return machines that belong to nothing as if they were a configuration; None until all are heard of."""
    found = [vm for vm in (inventory.by_uuid(VM, uuid) for uuid in machines) if vm is not None]
    if len(found) < len(machines):
        return None
    stage = intent.target or StageId("")
    members = [
        Member(
            ref=vm.ref,
            uuid=vm.uuid,
            name=vm.name_label,
            role=vm.name_label,
            power_state=vm.power_state,
            memory_bytes=vm.memory_static_max,
            disks_bytes=0,
            order=vm.order,
            value=MemberValue(
                vm=vm.uuid,
                configuration=intent.configuration,
                name=intent.name,
                service=intent.service,
                version="",
                stage=stage,
                workflow=intent.workflow,
                workflow_version=intent.workflow_version,
                role="",
                revision=0,
                roster_count=len(found),
                roster_digest=Digest(""),
            ),
        )
        for vm in found
    ]
    return Card(
        id=intent.configuration,
        name=intent.name,
        service=intent.service,
        version="",
        stage=stage,
        revision=0,
        workflow_version=intent.workflow_version,
        members=tuple(members),
        standing=Standing.WHOLE,
    )


def _environment(scene: Scene, intent: Intent) -> dict[str, str]:
    addresses = [address for vm in members_of(scene) for address in addresses_of(vm, scene.inventory)[:1]]
    return {
        "XSCONSOLE_CONFIGURATION": intent.configuration,
        "XSCONSOLE_NAME": intent.name,
        "XSCONSOLE_SERVICE": intent.service,
        "XSCONSOLE_VERSION": scene.card.version,
        "XSCONSOLE_SOURCE": intent.source or "",
        "XSCONSOLE_TARGET": intent.target or "",
        "XSCONSOLE_ADDRESSES": " ".join(addresses),
        "XSCONSOLE_MEMBERS": " ".join(member.uuid for member in scene.card.members),
    }
