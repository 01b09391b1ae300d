"""Stages on their way through the clipboard, as text that any program could have put there.

No people and no keys travel: what is pasted refers to groups and people that the workflow has, and to no others.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, TypeVar

import msgspec

from xsconsole.domain.ids import StageId, TransitionId
from xsconsole.domain.workflow.afterwards import Action, Review
from xsconsole.domain.workflow.check import check
from xsconsole.domain.workflow.edits import fresh_id, fresh_name
from xsconsole.domain.workflow.rules import ApprovalRule, Person
from xsconsole.domain.workflow.text import from_json, to_json
from xsconsole.domain.workflow.values import Stage, Transition, Workflow
from xsconsole.errors import NotFound, Refused

T = TypeVar("T", bound=str)


class _Envelope(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    xsconsole: Literal["stages"]
    workflow: msgspec.Raw


@dataclass(frozen=True, slots=True, kw_only=True)
class Pasted:
    """The workflow with what was pasted, and what that is. `lost` names groups, people and networks it lacks."""

    workflow: Workflow
    stages: tuple[StageId, ...]
    transitions: tuple[TransitionId, ...]
    lost: tuple[str, ...] = ()


def copy(workflow: Workflow, stages: Collection[StageId]) -> str:
    """Return stages and the transitions among them as text.

    Raises:
        NotFound: none of the stages is in the workflow.
    """
    chosen = tuple(stage for stage in workflow.stages if stage.id in stages)
    if not chosen:
        raise NotFound(reason="No stage is selected.", mend="Select one or more stages.", choices=())
    kept = {stage.id for stage in chosen}
    part = msgspec.structs.replace(
        workflow,
        stages=chosen,
        transitions=tuple(way for way in workflow.transitions if {way.source, way.target} <= kept),
        people=tuple(Person(id=person.id, name=person.name) for person in workflow.people),
        publishing=(),
        declarers=(),
        signature=None,
    )
    return msgspec.json.encode(_Envelope(xsconsole="stages", workflow=msgspec.Raw(to_json(part)))).decode()


def holds_stages(text: str) -> bool:
    """Return whether a text looks like stages that were copied; whether it can be pasted is another matter."""
    return text.startswith('{"xsconsole":"stages"')


def paste(workflow: Workflow, text: str) -> Pasted:
    """Add what a text holds, with ids and names of its own, at the places from which it was copied.

    Raises:
        Refused: the text holds no stages, or what `check` refuses.
    """
    part = _read(text)
    names = [stage.name for stage in workflow.stages]
    ids = {stage.id: StageId("") for stage in part.stages}
    stages: list[Stage] = []
    lost: dict[str, None] = {}
    for stage in part.stages:
        name = fresh_name(stage.name, names)
        names.append(name)
        ids[stage.id] = StageId(fresh_id(name, {*(known.id for known in workflow.stages), *ids.values()}))
        networks = tuple(entry for entry in stage.binding.networks if entry.logical in workflow.networks)
        lost |= {entry.logical: None for entry in stage.binding.networks if entry not in networks}
        stages.append(
            msgspec.structs.replace(
                stage,
                id=ids[stage.id],
                name=name,
                binding=msgspec.structs.replace(stage.binding, networks=networks),
                actors=_known(stage.actors, _ids(workflow.groups), _names(part), lost),
            )
        )
    ways: list[Transition] = []
    taken = {way.id for way in workflow.transitions}
    for way in part.transitions:
        source, target = ids[way.source], ids[way.target]
        made = TransitionId(fresh_id(f"{source}-to-{target}", taken))
        taken.add(made)
        ways.append(
            msgspec.structs.replace(
                way,
                id=made,
                source=source,
                target=target,
                approvals=tuple(_rule(rule, workflow, part, lost) for rule in way.approvals),
                afterwards=tuple(_action(action, workflow, part, lost) for action in way.afterwards),
            )
        )
    pasted = msgspec.structs.replace(
        workflow, stages=(*workflow.stages, *stages), transitions=(*workflow.transitions, *ways)
    )
    check(pasted)
    return Pasted(
        workflow=pasted,
        stages=tuple(stage.id for stage in stages),
        transitions=tuple(way.id for way in ways),
        lost=tuple(lost),
    )


def _read(text: str) -> Workflow:
    try:
        envelope = msgspec.json.decode(text.encode("utf-8", "replace"), type=_Envelope)
    except (msgspec.MsgspecError, RecursionError) as failure:
        raise Refused(
            reason="The clipboard holds no stages of a workflow.", mend="Copy stages in a workflow first."
        ) from failure
    return from_json(bytes(envelope.workflow))


def _ids(things: Iterable[object]) -> set[str]:
    return {getattr(thing, "id", "") for thing in things}


def _names(part: Workflow) -> dict[str, str]:
    return {**{person.id: person.name for person in part.people}, **{group.id: group.name for group in part.groups}}


def _known(
    ids: tuple[T, ...], known: Collection[str], names: Mapping[str, str], lost: dict[str, None]
) -> tuple[T, ...]:
    lost |= {names.get(id_, id_): None for id_ in ids if id_ not in known}
    return tuple(id_ for id_ in ids if id_ in known)


def _rule(rule: ApprovalRule, workflow: Workflow, part: Workflow, lost: dict[str, None]) -> ApprovalRule:
    """Return a rule without those whom the workflow does not have: it never asks for fewer than before."""
    return msgspec.structs.replace(
        rule,
        groups=_known(rule.groups, _ids(workflow.groups), _names(part), lost),
        people=_known(rule.people, _ids(workflow.people), _names(part), lost),
    )


def _action(action: Action, workflow: Workflow, part: Workflow, lost: dict[str, None]) -> Action:
    if isinstance(action, Review):
        return msgspec.structs.replace(action, rule=_rule(action.rule, workflow, part, lost))
    return action
