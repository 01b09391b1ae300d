"""Findings about the VLAN tags that stages reserve for fences: whose else they are, what carries them, what is left."""

from collections.abc import Iterator
from itertools import combinations

import msgspec

from xsconsole.domain.fence.standing import ground_on
from xsconsole.domain.fence.tags import TagRange, carriers, overlap, strange_tags, tags_words, trunk_cards, used_tags
from xsconsole.domain.folding import shown
from xsconsole.domain.inventory import Network
from xsconsole.domain.workflow.findings.case import Case, Rule, mend_stage
from xsconsole.domain.workflow.findings.ground import Site
from xsconsole.domain.workflow.findings.values import Finding, Mend
from xsconsole.domain.workflow.values import Binding, PoolObject, Stage, VlanRange

FIELD = "binding.vlans"
MOST_SHOWN = 8
MOST_MENDS = 3


def of_tags(case: Case) -> Iterator[Finding]:
    reserving = [(stage, stage.binding.vlans) for stage in case.workflow.stages if stage.binding.vlans is not None]
    for (one, first), (other, second) in combinations(reserving, 2):
        both = overlap((first.first, first.last), (second.first, second.last))
        if both is not None:
            yield _doubled(case, one, other, both)
    for stage, tags in reserving:
        yield from _beside(case, stage, tags)
        site = case.site_of(stage)
        if site is not None:
            yield from _live(stage, tags, site)


def _doubled(case: Case, one: Stage, other: Stage, both: tuple[int, int]) -> Finding:
    name, beside, rule = shown(one.name), shown(other.name), Rule(name="tags-doubled", stage=other.id)
    told = f"{beside} reserves the {tags_words(both)}, which {name} reserves too"
    mends = (_freeing(other), _freeing(one))
    if case.is_same_pool(one, other):
        return rule.error(f"{told}: fences of either stage could take what is kept for the other.", FIELD, *mends)
    return rule.warning(f"{told}, in another pool: on the same switches two fences would be one.", FIELD, *mends)


def _freeing(stage: Stage) -> Mend:
    return mend_stage(
        f"Let {shown(stage.name)} reserve none",
        stage.id,
        lambda found: {"binding": msgspec.structs.replace(found.binding, vlans=None)},
    )


def _beside(case: Case, stage: Stage, tags: VlanRange) -> Iterator[Finding]:
    """Yield the other pools whose fences have tags of the range, wherever these are deployed."""
    for uuid, site in case.sites.items():
        ground = ground_on(_keys(site))
        span = ground.ground.vlans if ground is not None else None
        both = overlap((tags.first, tags.last), span) if span is not None else None
        if uuid != case.pool_of(stage) and both is not None:
            yield Rule(name="tags-shared", stage=stage.id).warning(
                f"{shown(stage.name)} reserves the {tags_words(both)}, which fences of the pool "
                f"{shown(site.name)} have too: on the same switches two fences would be one.",
                FIELD,
                _freeing(stage),
            )


def _live(stage: Stage, tags: VlanRange, site: Site) -> Iterator[Finding]:
    keys, name = _keys(site), shown(stage.name)
    yield from _carried(stage, tags, site)
    strange = strange_tags(tags.first, tags.last, keys, site.inventory)
    if strange:
        yield Rule(name="tags-taken", stage=stage.id).warning(
            f"VLANs that are of no fence have tags that {name} reserves: "
            f"{', '.join(map(str, strange[:MOST_SHOWN]))}. No fence gets these.",
            FIELD,
            _freeing(stage),
        )
    free = TagRange(first=tags.first, last=tags.last).free(used_tags(keys, site.inventory))
    if next(free, None) is None:
        yield Rule(name="tags-exhausted", stage=stage.id).warning(
            f"Every VLAN tag that {name} reserves, {tags.first} to {tags.last}, is had by now: another fence there "
            "is refused until one is discarded, but for one on one host.",
            FIELD,
            _freeing(stage),
        )


def _carried(stage: Stage, tags: VlanRange, site: Site) -> Iterator[Finding]:
    """Yield that no card is known to carry what a stage reserves, with those that could."""
    rule, name, inventory = Rule(name="tags-carried", stage=stage.id), shown(stage.name), site.inventory
    if tags.trunk is not None:
        if inventory.by_uuid(Network, tags.trunk.uuid) is not None and not trunk_cards(tags.trunk.uuid, inventory):
            yield rule.warning(
                f"{shown(tags.trunk.name or tags.trunk.uuid)}, which is to carry the VLAN tags of {name}, has no card "
                "of a host that lives and is no VLAN itself: a fence there is refused, but for one on one host.",
                FIELD,
                _carrying(stage, None, "Leave it to the ground of the fences"),
            )
        return
    ground, could = ground_on(_keys(site)), carriers(inventory)
    if (ground is not None and trunk_cards(ground.ground.trunk, inventory)) or len(could) == 1:
        return
    yield rule.warning(
        f"{name} reserves VLAN tags, and no network is named whose cards carry them, for the stage or at Fences, "
        "Ground…: a fence there stands on one host.",
        FIELD,
        *(
            _carrying(stage, PoolObject(uuid=one.uuid, name=one.name_label), f"Let {shown(one.name_label)} carry them")
            for one in could[:MOST_MENDS]
        ),
        _freeing(stage),
    )


def _carrying(stage: Stage, trunk: PoolObject | None, label: str) -> Mend:
    def change(found: Stage) -> dict[str, Binding]:
        vlans = found.binding.vlans
        assert vlans is not None, "it reserves some"
        changed = msgspec.structs.replace(vlans, trunk=trunk)
        return {"binding": msgspec.structs.replace(found.binding, vlans=changed)}

    return mend_stage(label, stage.id, change)


def _keys(site: Site) -> dict[str, str]:
    pool = site.inventory.pool
    return dict(pool.other_config) if pool is not None else {}
