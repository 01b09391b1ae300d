"""What a workflow's gates say of a configuration, as far as the pool's own records can tell. Pure."""

from xsconsole.domain.gates.approved import judge_approved
from xsconsole.domain.gates.judging import Answer, Elsewhere, Scene, is_told_by_records, judge

__all__ = ["Answer", "Elsewhere", "Scene", "is_told_by_records", "judge", "judge_approved"]
