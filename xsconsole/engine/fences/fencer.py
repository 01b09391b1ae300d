"""The steps that build a fence and take it away, for one run: claims, interfaces, the document, and the proof."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import assert_never

import msgspec

from xsconsole.domain.actions.fences import (
    CheckFence,
    ClaimShare,
    FenceAction,
    FitFenced,
    FitRouter,
    ForgetFence,
    HearMembers,
    MakeVlan,
    OutfitFenced,
    ReleaseShare,
    RemoveFenceNetwork,
    ReseedRouter,
    TakeForOff,
    WriteFence,
)
from xsconsole.domain.fence.heard import Heard, astray, field_by_field, hear
from xsconsole.domain.fence.proof import prove
from xsconsole.domain.fence.standing import (
    ROUTER_KEY,
    claim_key,
    claim_of,
    claim_text,
    fence_on,
    fence_stem,
    fence_text_on,
    read_standing,
    share_words,
    standing_text,
)
from xsconsole.domain.ids import StepKey, Uuid
from xsconsole.domain.inventory import VIF, VM, Inventory, Network
from xsconsole.domain.naming import shortened
from xsconsole.domain.wording.record import NOT_MET
from xsconsole.domain.words import listing
from xsconsole.engine.archives.prover import Prover
from xsconsole.engine.copies.copier import Copier
from xsconsole.engine.ports import Field, Progress
from xsconsole.engine.provisions.cidata import image_of
from xsconsole.engine.runs.gatekeeper import Gatekeeper
from xsconsole.engine.runs.presence import Presence
from xsconsole.engine.values import insist, remove_value, set_key, write_value
from xsconsole.errors import PlanIsStale, PoolFailed, Refused, VerificationFailed


class Fencer:
    """Performs them; each can be repeated."""

    def __init__(self, presence: Presence, copier: Copier, prover: Prover, gatekeeper: Gatekeeper) -> None:
        self._at = presence
        self._copier = copier
        self._prover = prover
        self._gatekeeper = gatekeeper
        self._pool = presence.pool

    async def perform(self, action: FenceAction, on_progress: Progress) -> str:
        """Bring about what a step says.

        Raises:
            Refused: somebody else has the address, or a card on a network that is to go.
            VerificationFailed: the fence leaks; nothing of it was started by this step or before it.
        """
        match action:
            case ClaimShare():
                await self._claim(action)
            case MakeVlan(network=key, vlan=tag, cards=cards):
                made = await self._prover.network(key)
                await insist(self._pool, lambda: self._pool.networks.tag(made, cards, tag))
            case FitFenced():
                await self._copier.fit(action)
                vm, networks = (await self._copier.of(action.copy)).uuid, await self._networks(action.scratch)
                await insist(self._pool, lambda: self._pool.placing.wear(vm, action.source, networks))
            case OutfitFenced():
                networks = await self._networks(action.scratch)
                await self._copier.fit(msgspec.structs.replace(action, networks=networks))
                made = (await self._copier.of(action.copy)).uuid
                await insist(self._pool, lambda: self._pool.placing.give_macs(made, action.macs))
            case FitRouter():
                await self._fit_router(action)
            case WriteFence():
                await write_value(self._pool, Field.POOL, fence_stem(action.configuration), await self._text(action))
            case CheckFence():
                return await self._check(action)
            case HearMembers():
                return await self._hear(action)
            case ReseedRouter():
                await self._reseed(action, action.files, on_progress)
            case TakeForOff(vms=vms):
                for vm in vms:
                    await self._take_for_off(vm)
            case RemoveFenceNetwork(network=network, vlan=vlan):
                await self._remove(network, vlan)
            case ReleaseShare():
                await self._release(action)
            case ForgetFence(configuration=configuration):
                await remove_value(self._pool, Field.POOL, fence_stem(configuration))
            case _:
                assert_never(action)
        return ""

    async def is_there(self, action: FenceAction) -> bool:
        keys = await self._at.keys(Field.POOL)
        match action:
            case ClaimShare():
                return keys.get(claim_key(action.share)) == self._claim_text(action)
            case WriteFence():
                return fence_text_on(keys, action.configuration) == await self._text(action)
            case RemoveFenceNetwork(network=network):
                around = await insist(self._pool, lambda: self._pool.networks.around((network,), (), None))
                return around.by_uuid(Network, network) is None
            case ReleaseShare():
                return not self._is_claimed(action, keys)
            case ForgetFence(configuration=configuration):
                return not fence_text_on(keys, configuration)
            case _:
                return False

    async def undo(self, action: FenceAction, on_progress: Progress) -> None:
        match action:
            case ReseedRouter():
                if await self._at.exists(action.vm):
                    await self._reseed(action, action.original, on_progress)
            case MakeVlan(network=key, vlan=vlan):
                for made in await self._prover.named(key):
                    await self._untag(made, vlan)
            case ClaimShare():
                await self._release(ReleaseShare(share=action.share, configuration=action.configuration))
            case WriteFence(configuration=configuration, original=""):
                await remove_value(self._pool, Field.POOL, fence_stem(configuration))
            case WriteFence(configuration=configuration, original=original):
                await write_value(self._pool, Field.POOL, fence_stem(configuration), original)
            case RemoveFenceNetwork() | ForgetFence():
                if await self.is_there(action):
                    raise Refused(
                        reason="What made the fence is gone already, so there is no way back into it.",
                        mend="Resume the run: what remains is to take away the rest.",
                    )
            case _:
                return

    # Addresses

    def _claim_text(self, action: ClaimShare) -> str:
        return claim_text(action.configuration, self._at.run)

    async def _claim(self, action: ClaimShare) -> None:
        key, text = claim_key(action.share), self._claim_text(action)

        async def attempt() -> bool:
            if await self._pool.add_key(Field.POOL, key, text):
                return True
            return (await self._pool.keys(Field.POOL)).get(key) == text

        if not await insist(self._pool, attempt):
            raise PlanIsStale(
                reason=f"Somebody else has taken {share_words(action.share)} for a fence meanwhile.",
                mend="Plan it again: it gets another one then.",
            )

    def _is_claimed(self, action: ReleaseShare, keys: Mapping[str, str]) -> bool:
        claim = claim_of(keys.get(claim_key(action.share), ""))
        return claim is not None and claim.configuration == action.configuration

    async def _release(self, action: ReleaseShare) -> None:
        """Remove the claim where it is still that of this fence."""

        async def attempt() -> None:
            if self._is_claimed(action, await self._pool.keys(Field.POOL)):
                await self._pool.remove_key(Field.POOL, claim_key(action.share))

        await insist(self._pool, attempt)

    # Machines

    async def _networks(self, steps: Mapping[str, StepKey]) -> dict[str, Uuid]:
        return {device: await self._prover.network(key) for device, key in steps.items()}

    async def _fit_router(self, action: FitRouter) -> None:
        await self._copier.fit(msgspec.structs.replace(action, networks={}))
        vm = (await self._copier.of(action.copy)).uuid
        networks = {**action.networks, **await self._networks(action.scratch)}
        await insist(self._pool, lambda: self._pool.placing.set_interfaces(vm, networks))
        await insist(self._pool, lambda: self._pool.placing.give_macs(vm, action.macs))
        await set_key(self._pool, Field.VM, ROUTER_KEY, action.configuration, vm)

    async def _take_for_off(self, vm: Uuid) -> None:
        """Ask once more whether the host answers: what runs there must not start a second time.

        Raises:
            Refused: it does.
        """
        found = await self._at.read(vm)
        if found is None or found.power_state == "Halted":
            return
        if await insist(self._pool, lambda: self._pool.is_attended(vm)):
            raise Refused(
                reason=f"The host of “{shortened(found.name_label)}” answers again, and the machine runs there.",
                mend="Undo the run. Where the fence is to stand elsewhere, undeploy it with --keep first.",
            )
        await insist(self._pool, lambda: self._pool.services.take_for_off(vm))

    async def _reseed(self, action: ReseedRouter, files: Mapping[str, str], on_progress: Progress) -> None:
        """Write what cloud-init reads, over what is there; a machine without that disk has lost it to somebody."""
        found = await insist(self._pool, lambda: self._pool.disks.at(action.vm, action.device))
        if found is None:
            raise Refused(
                reason="The disk from which the router is set up is gone.",
                mend="Discard the fence, and deploy another one.",
            )
        image, disks = partial(image_of, files, action.size_bytes), self._pool.disks
        await insist(
            self._pool,
            lambda: self._at.settling(disks.write(found.disk, image, self._at.run, on_progress)),
        )

    # The document, and what is proved of it

    async def _text(self, action: WriteFence) -> str:
        """Return the document with what is known by now."""
        standing = read_standing(action.document)
        site = standing.site
        if action.networks:
            networks = {name: await self._prover.network(key) for name, key in action.networks.items()}
            site = replace(site, networks=networks)
        if action.members:
            members = {name: (await self._copier.of(key)).uuid for name, key in action.members.items()}
            site = replace(site, members=members)
        if action.router is not None:
            site = replace(site, router=(await self._copier.of(action.router)).uuid)
        return standing_text(replace(standing, site=site))

    async def _check(self, action: CheckFence) -> str:
        standing = fence_on(await self._at.keys(Field.POOL), action.configuration)
        if standing is None:
            raise PoolFailed(
                code="XSCONSOLE_FENCE_GONE", parameters=(action.configuration,), method="pool.other_config"
            )
        site = standing.site
        inside, vlans = site.networks.values(), tuple(site.vlans.values())
        around = await insist(
            self._pool, lambda: self._pool.networks.around(inside, site.members.values(), site.router, vlans)
        )
        proof = prove(standing.fence, site, around)
        if not proof.holds:
            raise VerificationFailed(differences=tuple(breach.sentence.rstrip(".") for breach in proof.breaches))
        return proof.facts

    async def _hear(self, action: HearMembers) -> str:
        """Return what guests report, field by field, as something not met where it is not what was planned."""

        def heard(inventory: Inventory) -> tuple[Heard, ...]:
            keys = inventory.pool.other_config if inventory.pool is not None else {}
            standing = fence_on(keys, action.configuration)
            return hear(standing, inventory) if standing is not None else ()

        def is_settled(inventory: Inventory) -> bool:
            found = heard(inventory)
            return bool(found) and not any(one.is_silent for one in found)

        found = heard(await self._gatekeeper.look(is_settled, action.within_s))
        return f"{NOT_MET if astray(found) else ''}{field_by_field(found)}"

    async def _untag(self, network: Uuid, vlan: int) -> None:
        await insist(self._pool, lambda: self._pool.networks.untag(network, vlan))

    async def _remove(self, network: Uuid, vlan: int | None) -> None:
        """Destroy a network. XAPI lets cards of halted machines go with it, so whoever has one there is asked first.

        Raises:
            Refused: a machine has a card on it.
        """
        around = await insist(self._pool, lambda: self._pool.networks.around((network,), (), None))
        found = around.by_uuid(Network, network)
        if found is None:
            return
        names = _machines_on(found, around)
        if names:
            raise Refused(
                reason=f"{listing(names)} has a card on “{shortened(found.name_label)}”, and would lose it with it.",
                mend="Take that card away or put it on another network, then resume the run.",
            )
        if vlan is not None:
            await self._untag(network, vlan)
        await insist(self._pool, lambda: self._pool.networks.destroy(network))


def _machines_on(network: Network, around: Inventory) -> tuple[str, ...]:
    vifs = [vif for ref in network.VIFs if (vif := around.get(VIF, ref)) is not None]
    vms = [vm for vif in vifs if (vm := around.get(VM, vif.VM)) is not None and not vm.is_a_snapshot]
    return tuple(sorted({f"“{shortened(vm.name_label)}”" for vm in vms}))
