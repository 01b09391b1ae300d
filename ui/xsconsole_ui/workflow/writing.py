"""From what was typed or chosen to the desk: the one way in which forms and outline change a draft."""

from xsconsole.domain.workflow.findings import Finding, Mend
from xsconsole.errors import Refused
from xsconsole_ui.pieces import joined
from xsconsole_ui.workflow.desk import DraftDesk
from xsconsole_ui.workflow.forms.node import Deed, Node


def write(desk: DraftDesk, node: Node, text: str, *, merge: str = "") -> str:
    """Take in what was typed for a node. Returns why it cannot be, with the mend; empty where it was taken.

    `merge` makes one step of what is typed in a row.
    """
    if node.change is None or node.editor is None:
        return ""
    try:
        value = node.editor.read(text)
        before = desk.history.before if _is_typing(desk, merge) else desk.workflow
        after = node.change(desk.workflow, value)
        desk.do(node.label(before, value), after, merge=merge)
    except Refused as refusal:
        return joined(refusal.reason, refusal.mend)
    return ""


def take_back(desk: DraftDesk, merge: str) -> None:
    """Drop what was typed in a row: it ended in what cannot be."""
    if _is_typing(desk, merge):
        history = desk.history
        desk.do(history.done[-1].label, history.before, merge=merge)


def _is_typing(desk: DraftDesk, merge: str) -> bool:
    return bool(merge and desk.history.done and desk.history.done[-1].merge == merge)


def perform(desk: DraftDesk, deed: Deed, key: str = "") -> bool:
    """Do a deed; a stage or transition that is new is selected. Returns whether it was done."""
    before = desk.workflow
    if not desk.edit(deed.label(before, key), lambda workflow: deed.change(workflow, key)):
        return False
    known = {stage.id for stage in before.stages}
    stages = [stage.id for stage in desk.workflow.stages if stage.id not in known]
    known_ways = {way.id for way in before.transitions}
    ways = [way.id for way in desk.workflow.transitions if way.id not in known_ways]
    if stages or ways:
        desk.select(stages, () if stages else ways)
    return True


def mend(desk: DraftDesk, found: Mend) -> bool:
    """Apply what would mend a finding, as one step."""
    return desk.edit(found.label, found.apply)


def findings_beside(node: Node, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return the findings that belong beside a field: of its owner, and of its path."""
    if not node.path:
        return ()
    return tuple(
        finding
        for finding in findings
        if finding.field == node.path and (finding.stage, finding.transition) == (node.stage, node.transition)
    )


def looks_alike(one: Finding, other: Finding) -> bool:
    """Whether two findings are shown alike: mends are functions, and each look makes new ones."""
    return _shown(one) == _shown(other)


def _shown(finding: Finding) -> tuple[object, ...]:
    labels = tuple(mend.label for mend in finding.mends)
    return (finding.rule, finding.severity, finding.sentence, finding.stage, finding.transition, finding.field, labels)
