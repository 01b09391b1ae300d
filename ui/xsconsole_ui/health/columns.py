"""What the lists of the health place have columns for."""

from xsconsole.domain.health import Finding, Severity
from xsconsole.domain.pool_messages import PoolMessage
from xsconsole_ui import times
from xsconsole_ui.list_model import Column
from xsconsole_ui.texts import tr

POOL = "Pool"  # the last column, where there are several
POOL_WIDTH = 120  # px, until names are known
TONES = {Severity.BAD: "bad", Severity.WARNING: "warn", Severity.HINT: "muted"}
WORDS = {Severity.BAD: "✖ bad", Severity.WARNING: "▲ warning", Severity.HINT: "· hint"}
SAID = {**WORDS, Severity.HINT: "· info"}  # of messages
RANKS = {severity: float(rank) for rank, severity in enumerate(Severity)}


def columns_of_findings() -> tuple[Column[Finding], ...]:
    return (
        Column(
            head="Severity",
            text=lambda one: tr(WORDS[one.severity]),
            tone=lambda one: TONES[one.severity],
            key=lambda one: RANKS[one.severity],
            width=88,
        ),
        Column(head="Kind", text=lambda one: tr(one.kind), width=112),
        Column(head="Object", text=lambda one: one.name, width=130),
        Column(head="What is so", text=lambda one: one.sentence, hint=lambda one: f"{one.sentence}\n{one.mend}"),
        Column(head="What to do", text=lambda one: one.mend, tone=lambda _: "muted", width=210),
        Column(head=POOL, text=lambda one: one.pool, width=POOL_WIDTH),
    )


def columns_of_messages() -> tuple[Column[PoolMessage], ...]:
    return (
        Column(
            head="Severity",
            text=lambda one: tr(SAID[one.severity]),
            tone=lambda one: TONES[one.severity],
            key=lambda one: RANKS[one.severity],
            width=88,
        ),
        Column(
            head="Time",
            text=lambda one: times.clock_time(one.at) if one.at is not None else "",
            hint=lambda one: times.exact_time(one.at) if one.at is not None else "",
            key=lambda one: one.at.timestamp() if one.at is not None else 0.0,
            width=102,
        ),
        Column(head="Object", text=lambda one: one.about_name, width=96),
        Column(head="Message", text=lambda one: one.name, width=150),
        Column(head="Words", text=lambda one: one.body),
        Column(head=POOL, text=lambda one: one.pool, width=POOL_WIDTH),
    )
