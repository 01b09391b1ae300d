"""What a finding about a blueprint is."""

from dataclasses import dataclass

from xsconsole.domain.workflow.findings.values import Severity

__all__ = ["Finding", "Severity"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something to say of a blueprint or of what is filled in; an error blocks publishing and provisioning.

    `member` and `parameter` are the id and name that it is about; `field` the field beside which it is shown.
    """

    rule: str
    severity: Severity
    sentence: str
    mend: str = ""
    member: str = ""
    parameter: str = ""
    field: str = ""

    @property
    def is_error(self) -> bool:
        return self.severity is Severity.ERROR
