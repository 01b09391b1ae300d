"""What the list of fences has columns for, what it can be asked for, and all that is told of one."""

from dataclasses import dataclass

from xsconsole.console import Estate
from xsconsole.domain.fence.live import WatchedFence
from xsconsole.domain.fence.state import State, Work, state_of, state_words
from xsconsole.domain.fence.values import FenceMode
from xsconsole.domain.fence.wording import mode_words
from xsconsole.domain.folding import folded_lines, natural, one_line
from xsconsole.domain.ids import ConfigurationId
from xsconsole.domain.query.fields import Field, Kind, Schema
from xsconsole.domain.words import count
from xsconsole_ui.list_model import Column
from xsconsole_ui.texts import tr

TONES = {
    **{State.TIGHT: "", State.BREACHED: "bad", State.IN_WORK: "muted", State.UNHEARD: "muted"},
    **{State.STRANDED: "warn", State.CUT_OFF: "warn", State.LOST: "warn", State.OFF_PLAN: "warn"},
}
SHORT = {**{state: state.value for state in State}, State.BREACHED: "leaks"}
URGENT = {State.BREACHED: 0, State.STRANDED: 1, State.CUT_OFF: 1, State.LOST: 1, State.OFF_PLAN: 2}


@dataclass(frozen=True, slots=True, kw_only=True)
class FenceRow:
    """A fence as the list shows it: names of where it stands and of what it is of, at the time of looking."""

    watched: WatchedFence
    work: Work | None
    state: State
    name: str
    stage: str
    origin: str
    pool: str
    is_lost: bool  # its configuration is gone

    @property
    def configuration(self) -> ConfigurationId:
        return self.watched.standing.configuration

    @property
    def mode(self) -> str:
        return mode_words(self.watched.standing.fence.mode)

    @property
    def power(self) -> str:
        running = sum(power == "Running" for power in self.watched.powers.values())
        return f"{running}/{len(self.watched.powers)}"


def fence_rows(console: Estate) -> tuple[FenceRow, ...]:
    """Return all fences of the estate, those that leak first, then those that wait for somebody, then by name."""
    fencing = console.fencing
    rows = [] if fencing is None else [_row(console, one, fencing.work_on(one)) for one in fencing.all.values()]
    return tuple(sorted(rows, key=lambda row: (URGENT.get(row.state, len(URGENT)), natural(row.name))))


def _row(console: Estate, watched: WatchedFence, work: Work | None) -> FenceRow:
    standing, board = watched.standing, console.board
    origin = board.cards.get(standing.origin)
    return FenceRow(
        watched=watched,
        work=work,
        state=state_of(watched, work),
        name=one_line(standing.fence.name),
        stage=one_line(board.stage_name(standing.stage)),
        origin=one_line(origin.name if origin is not None else standing.service or standing.title),
        pool=console.pool_name(console.of_card(standing.configuration)),
        is_lost=standing.configuration not in board.cards,
    )


def columns_of_fences() -> tuple[Column[FenceRow], ...]:
    return (
        Column(head="Fence", text=lambda row: row.name, width=150),
        Column(head="Stands in", text=lambda row: row.stage, width=96),
        Column(head="Mode", text=lambda row: row.mode, width=84),
        Column(
            head="Proof",
            text=lambda row: tr(SHORT[row.state]),
            hint=lambda row: state_words(row.watched, row.work),
            tone=lambda row: TONES[row.state],
            width=76,
        ),
        Column(head="On", text=lambda row: row.power, width=44),
        Column(head="Of", text=lambda row: row.origin, tone=lambda _: "muted"),
        Column(head="Pool", text=lambda row: row.pool, width=90),
    )


NAME = 0  # grows with the longest
SPARE = (5, 4, 1)  # the words below the list have them too

FENCES: Schema[FenceRow] = Schema(
    words=lambda row: folded_lines(row.name, row.stage, row.origin, row.pool),
    fields=(
        Field(
            name="is",
            kind=Kind.CHOICE,
            about="how it stands",
            get=lambda row: tuple({row.state.value.replace(" ", "-"), *(("lost",) if row.is_lost else ())}),
            choices=tuple(state.value.replace(" ", "-") for state in State),
        ),
        Field(
            name="mode",
            kind=Kind.CHOICE,
            about="what passes it",
            get=lambda row: row.watched.standing.fence.mode.value,
            choices=tuple(FenceMode),
        ),
        Field(name="stage", kind=Kind.TEXT, about="where it stands", get=lambda row: row.stage),
        Field(name="of", kind=Kind.TEXT, about="what it is a copy of", get=lambda row: row.origin),
        Field(name="pool", kind=Kind.TEXT, about="on which pool", get=lambda row: row.pool),
    ),
)


def told(row: FenceRow) -> str:
    """Return all of a row in words."""
    fence = row.watched.standing.fence
    parts = [f"{row.name}: {row.mode}, {state_words(row.watched, row.work)}"]
    parts += [
        tr("{members} of {origin} in {stage}").format(
            members=count(len(row.watched.standing.site.members), "machine"), origin=row.origin, stage=row.stage
        )
    ]
    if fence.is_open and fence.outside is not None:
        parts.append(tr("outside {address}").format(address=fence.outside.router))
    if row.watched.host:
        parts.append(tr("on {host}").format(host=one_line(row.watched.host)))
    return " · ".join(parts)
