"""Findings about emergencies: who could declare one, and who could look at it afterwards."""

from collections.abc import Iterator

from xsconsole.domain.words import listing
from xsconsole.domain.workflow.findings.approvals import can_approve
from xsconsole.domain.workflow.findings.case import Case, Rule
from xsconsole.domain.workflow.findings.values import Finding
from xsconsole.domain.workflow.names import group_words


def of_emergency(case: Case) -> Iterator[Finding]:
    """Yield what stands against declaring an emergency, and against closing the review that it leaves."""
    workflow = case.workflow
    if not workflow.declarers:
        return
    named = {person for group in workflow.groups if group.id in workflow.declarers for person in group.people}
    able = [person for person in workflow.people if can_approve(person)]
    may = [person for person in able if person.id in named]
    names = listing(tuple(group_words(workflow, group) for group in workflow.declarers))
    if not may:
        yield Rule(name="nobody-declares").warning(
            f"Nobody could declare an emergency: nobody of {names} has a key and a log-in of their own.", "declarers"
        )
    elif len(able) == 1:
        yield Rule(name="nobody-reviews").warning(
            f"Nobody could close the review that an emergency of {able[0].name} leaves: nobody else has a key.",
            "people",
        )
