"""The steps that prove an archive, for one run: networks of its own, what is asked there, and all of it gone again."""

from collections.abc import Collection
from pathlib import Path
from typing import assert_never

import msgspec

from xsconsole.domain.actions.copies import FitScratch
from xsconsole.domain.actions.proofs import (
    CheckApart,
    CheckScratch,
    MakeScratchNetwork,
    NoteProof,
    ProofAction,
    RemoveScratch,
    RemoveScratchNetwork,
)
from xsconsole.domain.archive import Proof, proof_stem, proofs_on, proofs_to_bytes
from xsconsole.domain.gates.judging import addresses_of
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import VM
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Step
from xsconsole.domain.poolstate import MEMBER_STEM, MemberValue, RunRecord, newest_text
from xsconsole.engine.archives.ports import Archives
from xsconsole.engine.copies.copier import Copier
from xsconsole.engine.ports import Field, Progress
from xsconsole.engine.runs.gatekeeper import Gatekeeper
from xsconsole.engine.runs.presence import Presence
from xsconsole.engine.values import insist, write_value
from xsconsole.errors import GateNotMet, PoolFailed, Refused, VerificationFailed

RUNS = "Every machine runs."


class Prover:
    """Performs them for one run; each can be repeated."""

    def __init__(
        self, presence: Presence, record: RunRecord, copier: Copier, gatekeeper: Gatekeeper, archives: Archives
    ) -> None:
        self._at = presence
        self._record = record
        self._copier = copier
        self._gatekeeper = gatekeeper
        self._archives = archives
        self._port = presence.pool.networks

    async def perform(self, step: Step, action: ProofAction, on_progress: Progress) -> str:
        """Bring about what a step says, and return what has to be known of it later."""
        match action:
            case MakeScratchNetwork():
                return await self._make(step, action)
            case FitScratch():
                networks = {device: await self.network(key) for device, key in action.scratch.items()}
                await self._copier.fit(msgspec.structs.replace(action, networks={**action.networks, **networks}))
            case CheckApart():
                await self._look_around(action)
            case CheckScratch():
                return await self._ask(action)
            case NoteProof():
                return await self._note(action)
            case RemoveScratch():
                await self._remove(action, on_progress)
            case RemoveScratchNetwork(network=key):
                await self._destroy(key)
            case _:
                assert_never(action)
        return ""

    async def is_there(self, step: Step, action: ProofAction) -> bool:
        match action:
            case MakeScratchNetwork():
                return bool(await self.named(step.key))
            case RemoveScratch(copy=key):
                return await self._copier.find(key) is None
            case RemoveScratchNetwork(network=key):
                return not await self.named(key)
            case NoteProof():
                return True  # what was noted stays
            case _:
                return False

    async def undo(self, step: Step, action: ProofAction) -> None:
        if isinstance(action, MakeScratchNetwork):
            await self._destroy(step.key)

    # Networks

    def _name(self, key: StepKey) -> str:
        action = self._at.plan.step(key).action
        assert isinstance(action, MakeScratchNetwork)
        return f"{shortened(action.name, 80)}{self._at.mark_of(key)}"

    async def named(self, key: StepKey) -> tuple[Uuid, ...]:
        """Return the networks that a step made: one, or none."""
        name = self._name(key)
        return await insist(self._at.pool, lambda: self._port.named(name))

    async def _make(self, step: Step, action: MakeScratchNetwork) -> str:
        words = action.description or f"Made by run {self._at.run}, and destroyed by it."

        async def attempt() -> Uuid:
            found = await self._port.named(self._name(step.key))
            if not found:
                await self._port.create(self._name(step.key), words)
                found = await self._port.named(self._name(step.key))
            if not found:
                raise PoolFailed(code="XSCONSOLE_NETWORK_GONE", parameters=(step.key,), method="network.create")
            return found[0]

        return await insist(self._at.pool, attempt)

    async def network(self, key: StepKey) -> Uuid:
        """Return the network that a step made.

        Raises:
            PoolFailed: it is gone.
        """
        found = await self.named(key)
        if not found:
            raise PoolFailed(code="XSCONSOLE_NETWORK_GONE", parameters=(key,), method="network.get_by_name_label")
        return found[0]

    async def _destroy(self, key: StepKey) -> None:
        for network in await self.named(key):
            await insist(self._at.pool, lambda network=network: self._port.destroy(network))  # type: ignore[misc]

    # What is asked

    async def _look_around(self, action: CheckApart) -> None:
        """Make sure, before anything starts, that every interface is where this plan puts it.

        Raises:
            VerificationFailed: naming each that is elsewhere.
        """
        fitted = {step.action.copy: step.action for step in self._at.plan.steps if isinstance(step.action, FitScratch)}
        astray = []
        for key in action.copies:
            vm, fit = await self._copier.of(key), fitted[key]
            wanted = {**fit.networks, **{device: await self.network(made) for device, made in fit.scratch.items()}}
            found = await insist(self._at.pool, lambda vm=vm: self._at.pool.placing.networks_of(vm.uuid))  # type: ignore[misc]
            astray += [
                f"interface {device} of {shortened(vm.name_label)} is on another network"
                for device, network in sorted(found.items())
                if wanted.get(device) != network
            ]
        if astray:
            raise VerificationFailed(differences=tuple(astray))

    async def _ask(self, action: CheckScratch) -> str:
        machines = self._machines(action.copies)
        try:
            return await self._gatekeeper.pass_through(action.gate, self._at.plan, machines=machines)
        except GateNotMet as failure:
            why = f"{failure.gate.capitalize()}: {failure.sentence}"
            await self._keep(action, found=(), failure=why)
            raise

    async def _note(self, action: NoteProof) -> str:
        found = tuple(filter(None, (self._at.result(key) for key in action.gates)))
        return await self._keep(action, found=(RUNS, *found), failure="")

    async def _keep(self, action: CheckScratch | NoteProof, *, found: tuple[str, ...], failure: str) -> str:
        identity = self._at.pool.identity
        proof = Proof(
            archive=action.archive,
            run=self._at.run,
            at=self._at.clock.now(),
            actor=self._record.actor,
            console_name=self._record.console_name,
            pool=identity.pool,
            pool_name=identity.pool_name,
            place=action.place,
            found=found,
            addresses=self._addresses(action.copies),
            failure=failure,
        )
        where = action.folder or f"in pool {shortened(identity.pool_name, 60)}"
        signed = await self._archives.record_proof(self._at.plan.intent.name, where, proof)
        if action.folder:
            return await self._archives.keep_proof(Path(action.folder), signed)
        known = proofs_on(await self._at.keys(Field.POOL), action.archive, self._archives.check)
        text = proofs_to_bytes(known.after(signed)).decode()
        await write_value(self._at.pool, Field.POOL, proof_stem(action.archive), text)
        return ""

    def _machines(self, copies: Collection[StepKey]) -> tuple[Uuid, ...]:
        return tuple(vm for key in copies if (vm := self._at.made(key)) is not None)

    def _addresses(self, copies: Collection[StepKey]) -> dict[str, tuple[str, ...]]:
        """Return what the guests report, as far as it is heard of."""
        inventory, found = self._gatekeeper.world.inventory, {}
        for uuid in self._machines(copies):
            vm = inventory.by_uuid(VM, uuid)
            if vm is not None and (addresses := addresses_of(vm, inventory)):
                found[shortened(vm.name_label, 80)] = addresses
        return found

    # Away

    async def _remove(self, action: RemoveScratch, on_progress: Progress) -> None:
        """Destroy what was tried, however it stands.

        Raises:
            Refused: somebody has made it a member of a configuration meanwhile.
        """
        vm = await self._copier.find(action.copy)
        if vm is None:
            return
        if newest_text(vm.other_config, MEMBER_STEM, MemberValue):
            raise Refused(
                reason=f"“{shortened(vm.name_label)}” is a member of a configuration by now, so it is not destroyed.",
                mend="Take it out of its configuration, then resume the run.",
            )
        await self._copier.destroy(self._at.plan.step(action.copy), on_progress)
