"""Signed papers, bent without the key of who signed them."""

import msgspec

from xsconsole.domain.approval import Decision
from xsconsole.domain.requests.values import Request


def bent_decision(made: Decision, source: Request, goal: Request, key_of_another: str, change: str) -> Decision:
    """Return a decision about one request, bent so that it seems to be about another, or by somebody else."""
    fields: dict[str, object] = {"subject": goal.subject, "plan": goal.plan}
    if source == goal:
        fields["public_key"] = key_of_another
    elif change == "subject":
        del fields["plan"]
    elif change == "key":
        fields["public_key"] = key_of_another
    return msgspec.structs.replace(made, **fields)


def bent_request(made: Request, key_of_another: str, what: str) -> Request:
    fields: dict[str, dict[str, object]] = {
        "expiry": {"expires_at": None},
        "requester": {"public_key": key_of_another},
        "plan": {"plan": "0" * 64},
        "begin": {"not_before": None, "reason": "now"},
    }
    return msgspec.structs.replace(made, **fields[what])
