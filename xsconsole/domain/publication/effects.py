"""What a publication would do, and what one did: to the pools, and to every configuration now in flight."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from xsconsole.domain.approval import Tally
from xsconsole.domain.canonical import Json, digest_of
from xsconsole.domain.ids import ConfigurationId, Digest, RequestId, StageId, Uuid
from xsconsole.domain.naming import shortened
from xsconsole.domain.publication.values import Continued
from xsconsole.domain.words import instant, listing
from xsconsole.domain.workflow import Workflow
from xsconsole.domain.workflow.findings import Finding


class PartState(StrEnum):
    """How a pool that the workflow binds stands to the publication."""

    WRITES = "writes"  # the version is written there
    SAME = "same"  # it stands there already
    AWAY = "away"  # there is no connection
    LATER = "later"  # there is none, and it gets the version when there is
    UNREADABLE = "unreadable"  # a newer console published there, or it is damaged
    OTHER_WORKFLOW = "other-workflow"  # it follows another workflow
    NEWER = "newer"  # somebody published a version there that this one does not know of


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolPart:
    """`version`, `digest`, `author` and `published_at` are of what stands there now, as last heard `as_of`.

    0 and None for nothing. `why_not_later`: of a pool that is away, why the others cannot go before it. `is_unlike`: it
    holds another version under the same number, which the new one may take the place of where somebody says so.
    """

    pool: Uuid
    name: str
    state: PartState
    version: int = 0
    digest: Digest | None = None
    author: str = ""
    published_at: datetime | None = None
    as_of: datetime | None = None
    why_not_later: str = ""
    is_unlike: bool = False


class EffectKind(StrEnum):
    STAYS = "stays"
    REWRITTEN = "rewritten"  # it stays, and its marks become those of the changed stage: name and protection
    MAPPED = "mapped"
    RUNS = "runs"  # its run ends under its own version
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Effect:
    """What becomes of one configuration. `sentence` says it, with the reason where it is blocked.

    `must_follow`: when its run has ended, it stands where the new version has no stage for it. `is_over`: it stays, and
    by the new version its time there is over at once.
    """

    configuration: ConfigurationId
    name: str
    pool: Uuid
    kind: EffectKind
    source: StageId
    target: StageId | None
    sentence: str
    revision: int = 0
    must_follow: bool = False
    is_over: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestFate:
    """What becomes of one request that was made under an earlier version. `sentence` says it, with the reason.

    `continued` is what is signed of one that goes on as `version`, None of one that ends; `stages` are its two ends.
    """

    request: RequestId
    configuration: ConfigurationId
    pool: Uuid
    sentence: str
    continued: Continued | None
    stages: tuple[StageId, ...]
    version: Workflow

    @property
    def goes_on(self) -> bool:
        return self.continued is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Obstacle:
    """Why it cannot be published now. `is_told`: its findings are told one by one beside it.

    `is_stale`: another version stands than the one it was made from.
    """

    reason: str
    mend: str = ""
    is_told: bool = False
    is_stale: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishPlan:
    """Pure: equal drafts, pools and mappings give an equal `digest`, which is what somebody confirms.

    `workflow` is as it would stand, but for the signature. `must_map` are stages that vanish or change their pool while
    configurations stand in them or are on the way there, and `names` what those are called; `choices` says where they
    may go, `renewed` which stages stay under another name or protection. `subject` is what people approve. `tally` is
    None where the standing version demands no approval.
    """

    workflow: Workflow
    standing: Workflow | None
    pools: tuple[PoolPart, ...]
    mapping: Mapping[StageId, StageId]
    must_map: tuple[StageId, ...]
    names: Mapping[StageId, str]
    renewed: tuple[StageId, ...]
    choices: Mapping[StageId, tuple[StageId, ...]]
    effects: tuple[Effect, ...]
    findings: tuple[Finding, ...]
    obstacles: tuple[Obstacle, ...]
    subject: Digest
    tally: Tally | None
    requests: tuple[RequestFate, ...] = ()

    @property
    def is_new(self) -> bool:
        """Whether it is another version than the one that stands: else what was published is finished."""
        return self.standing is None or self.standing.digest != self.workflow.digest

    @property
    def is_needed(self) -> bool:
        """Whether there is anything to write, on a pool or at a configuration."""
        return any(part.state is PartState.WRITES for part in self.pools) or bool(self.due)

    @property
    def due(self) -> tuple[Effect, ...]:
        """The configurations that are written anew."""
        return tuple(effect for effect in self.effects if effect.kind in (EffectKind.MAPPED, EffectKind.REWRITTEN))

    @property
    def later(self) -> tuple[PoolPart, ...]:
        """The pools that are away and are brought up when they are back."""
        return tuple(part for part in self.pools if part.state is PartState.LATER)

    @property
    def replaced(self) -> tuple[PoolPart, ...]:
        """The pools on which it takes the place of another version than here."""
        return tuple(part for part in self.pools if part.is_unlike and part.state is PartState.WRITES)

    @property
    def digest(self) -> Digest:
        pools: list[Json] = [[part.pool, part.state.value, part.digest] for part in self.pools]
        effects: list[Json] = [
            [effect.configuration, effect.kind.value, effect.source, effect.target, effect.revision]
            for effect in self.effects
        ]
        return digest_of(
            {
                "format": 1,
                "workflow": msgspec.structs.replace(self.workflow, author="").digest,
                "standing": self.standing.digest if self.standing else None,
                "pools": pools,
                "mapping": {str(old): str(new) for old, new in self.mapping.items()},
                "effects": effects,
                "requests": [[fate.pool, fate.request, fate.goes_on] for fate in self.requests],
                "subject": self.subject,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishReport:
    """What is so now. `left` is what remains to be done, by publishing again or by `finish`; `later` are pools away."""

    workflow: Workflow
    written: tuple[str, ...] = ()  # names of pools
    failed: tuple[tuple[str, str], ...] = ()  # names of pools, and why not there
    later: tuple[str, ...] = ()  # names of pools
    moved: tuple[str, ...] = ()  # configurations that stand as the plan said
    left: tuple[tuple[str, str], ...] = ()  # configurations, and why not yet

    @property
    def is_whole(self) -> bool:
        return not self.failed and not self.left


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionSplit:
    """Pools of one workflow hold different versions: `behind` are those without the newest, `ahead` those with it.

    What is away of those behind cannot be brought up now.
    """

    newest: Workflow
    ahead: tuple[PoolPart, ...]
    behind: tuple[PoolPart, ...]

    @property
    def can_be_mended(self) -> bool:
        return any(part.state is PartState.WRITES for part in self.behind)

    @property
    def can_be_settled(self) -> bool:
        """Whether a next version can take the place of two that have one number."""
        return any(part.is_unlike for part in self.behind)

    @property
    def sentence(self) -> str:
        there = "; ".join(_standing(part) for part in self.behind)
        on = f" on {listing(tuple(part.name for part in self.ahead))}" if self.ahead else ""
        name = f"Version {self.newest.version} of “{shortened(self.newest.name)}”"
        return f"{name} stands{on}{_by(self.ahead)}, but {there}."


def _standing(part: PoolPart) -> str:
    version = f"version {part.version}" if part.version else "none"
    if part.state is PartState.LATER:
        return f"{part.name} was away and has {version}{_by((part,))} as far as is known"
    return f"{part.name} has {version}{_by((part,))}"


def _by(parts: Iterable[PoolPart]) -> str:
    """Return who published and when, where the pool tells it."""
    part = next(iter(parts), None)
    who = f"by {part.author}" if part is not None and part.author else ""
    when = instant(part.published_at) if part is not None and part.published_at is not None else ""
    told = ", ".join(filter(None, (who, when)))
    return f" ({told})" if told else ""
