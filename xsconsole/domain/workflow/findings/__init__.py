"""What is to be said of a draft, live while it is edited and again when it is published.

Each rule stands with others of its subject: `shape`, `stages`, `fences`, `tags`, `transitions`, `approvals`,
`emergency`, `binding`, `roads`.
"""

from collections.abc import Iterable
from itertools import chain

from xsconsole.domain.workflow.findings.approvals import of_approvals
from xsconsole.domain.workflow.findings.binding import of_binding
from xsconsole.domain.workflow.findings.case import Case
from xsconsole.domain.workflow.findings.emergency import of_emergency
from xsconsole.domain.workflow.findings.fences import of_fences
from xsconsole.domain.workflow.findings.ground import OFFLINE, Ground, Occupant
from xsconsole.domain.workflow.findings.roads import of_roads
from xsconsole.domain.workflow.findings.shape import of_shape
from xsconsole.domain.workflow.findings.stages import of_stages
from xsconsole.domain.workflow.findings.tags import of_tags
from xsconsole.domain.workflow.findings.transitions import of_transitions
from xsconsole.domain.workflow.findings.values import Finding, Mend, Severity
from xsconsole.domain.workflow.values import Workflow

__all__ = ["OFFLINE", "Finding", "Ground", "Mend", "Occupant", "Severity", "findings"]


def findings(workflow: Workflow, ground: Ground = OFFLINE, also: Iterable[Finding] = ()) -> tuple[Finding, ...]:
    """Return what is to be said of a draft: errors first, then by where it is in the workflow. Pure and total.

    `also` are findings of others, such as what the engine cannot enforce yet; they are sorted in. Where the draft is
    one that `check` refuses, as an imported text can be, that is said as well.
    """
    case = Case(workflow, ground)
    found = chain(
        of_shape(case),
        of_stages(case),
        of_fences(case),
        of_tags(case),
        of_transitions(case),
        of_approvals(case),
        of_emergency(case),
        of_binding(case),
        of_roads(case),
        also,
    )
    rank = {severity: at for at, severity in enumerate(Severity)}
    stages = {stage.id: at for at, stage in enumerate(workflow.stages)}
    ways = {way.id: at for at, way in enumerate(workflow.transitions)}

    def place(finding: Finding) -> tuple[int, int, int, str, str, str]:
        of_stage = -1 if finding.stage is None else stages.get(finding.stage, -1)
        of_way = -1 if finding.transition is None else ways.get(finding.transition, -1)
        return rank[finding.severity], of_way, of_stage, finding.rule, finding.field, finding.sentence

    return tuple(sorted(found, key=place))
