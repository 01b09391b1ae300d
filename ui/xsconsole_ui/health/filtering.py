"""What the lists of the health place can be asked for."""

from xsconsole.domain.folding import folded_lines
from xsconsole.domain.health import Finding, Severity
from xsconsole.domain.pool_messages import PoolMessage
from xsconsole.domain.query.fields import Field, Kind, Schema

FINDINGS: Schema[Finding] = Schema(
    words=lambda finding: folded_lines(finding.kind, finding.name, finding.sentence),
    fields=(
        Field(
            name="severity",
            kind=Kind.CHOICE,
            about="how bad it is",
            get=lambda finding: finding.severity,
            choices=tuple(Severity),
        ),
        Field(
            name="kind", kind=Kind.TEXT, about="what it is", get=lambda finding: finding.kind, example="kind:orphaned"
        ),
        Field(name="object", kind=Kind.TEXT, about="where", get=lambda finding: finding.name, aliases=("name",)),
        Field(name="pool", kind=Kind.TEXT, about="in which pool", get=lambda finding: finding.pool),
    ),
)
MESSAGES: Schema[PoolMessage] = Schema(
    words=lambda message: folded_lines(message.name, message.about_name, message.body),
    fields=(
        Field(
            name="severity",
            kind=Kind.CHOICE,
            about="how bad it is",
            get=lambda message: message.severity,
            choices=tuple(Severity),
        ),
        Field(name="message", kind=Kind.TEXT, about="what it is", get=lambda message: message.name),
        Field(name="object", kind=Kind.TEXT, about="where", get=lambda message: message.about_name, aliases=("name",)),
        Field(name="pool", kind=Kind.TEXT, about="of which pool", get=lambda message: message.pool),
        Field(name="age", kind=Kind.AGE, about="how long ago", get=lambda message: message.at),
    ),
)
