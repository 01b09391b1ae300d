"""Every sentence for people, made in one place: steps, plans, runs, errors, sizes and times."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import assert_never

from xsconsole.domain.actions.fences import WriteFence
from xsconsole.domain.endings import OF_RUN, ending_name
from xsconsole.domain.naming import shortened
from xsconsole.domain.plan import Disks, Plan, RunKind, Step, TakeSnapshot
from xsconsole.domain.runs import GONE, KEPT, RunState
from xsconsole.domain.wording import pool as pool_words
from xsconsole.domain.wording import steps as step_words
from xsconsole.domain.wording.record import NOTHING
from xsconsole.domain.wording.spans import duration as duration
from xsconsole.domain.wording.spans import exact_duration as exact_duration
from xsconsole.domain.workflow import Method, Workflow
from xsconsole.domain.workflow.names import name_of_id
from xsconsole.errors import (
    CertificateChanged,
    CertificateUnknown,
    ConnectFailed,
    ConnectionLost,
    ConsoleError,
    GateNotMet,
    GivenUp,
    HeldElsewhere,
    HostSilent,
    Interrupted,
    LeaseLost,
    LostMaster,
    PoolFailed,
    PoolUnavailable,
    Refused,
    RunFailed,
    SessionLost,
    StoreFailed,
    VerificationFailed,
)

KIB = 1024
UNITS = ("B", "KiB", "MiB", "GiB", "TiB")
RECONNECTS = "The console tries to reconnect by itself, and says so where it cannot; try again when it is connected."
GIVEN_UP = "Nothing is tried any more: connect to the pool again, then try again."
PERHAPS_DONE = "It may have been done all the same: once the console is connected again, look before you try again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """An error in sentences. `details` are for whoever looks closer: codes and parameters as they came."""

    failed: str
    put_back: str = ""
    remains: str = ""
    mend: str = ""
    details: str = ""


def size(size_bytes: int) -> str:
    """Return a size as people read it: `40 GiB`, `1.5 TiB`."""
    amount, unit = float(size_bytes), 0
    while abs(amount) >= KIB and unit < len(UNITS) - 1:
        amount /= KIB
        unit += 1
    number = f"{amount:.1f}".removesuffix(".0") if abs(amount) < 100 else f"{amount:.0f}"
    return f"{number} {UNITS[unit]}"


def instant(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")


def count(number: int, one: str, many: str = "") -> str:
    """Return `1 disk`, `3 disks`."""
    return f"{number} {one if number == 1 else many or one + 's'}"


def listing(names: tuple[str, ...], most: int = 4) -> str:
    """Return `a, b and c`; of many, the first few and how many more."""
    shown = [shortened(name, 60) for name in names[:most]]
    if len(names) > most:
        return f"{', '.join(shown)} and {len(names) - most} more"
    return " and ".join((", ".join(shown[:-1]), shown[-1])) if len(shown) > 1 else "".join(shown)


def describe(step: Step) -> str:
    """Return what a step does, such as `Start shop-web-1`."""
    return step_words.doing(step.action, shortened(step.subject, 80))


def describe_undo(step: Step, note: str = "") -> str:
    """Return what undoing a step does, such as `Shut shop-web-1 down again`; `note` is what is known of that."""
    if note == GONE:
        return f"{NOTHING}{shortened(step.subject, 80)} is gone"
    if note == KEPT and isinstance(step.action, TakeSnapshot):
        return f"Keep the snapshot of {shortened(step.subject, 80)}, whose machine is gone"
    return step_words.undoing(step.action, shortened(step.subject, 80))


def kind_name(kind: RunKind) -> str:
    """Return the name of an act, before the name of what it is done to: `Promote`, `Add members to`."""
    match kind:
        case RunKind.PROMOTE:
            return "Promote"
        case RunKind.DEMOTE:
            return "Demote"
        case RunKind.CREATE:
            return "Create"
        case RunKind.ADD:
            return "Add members to"
        case RunKind.REMOVE:
            return "Remove members from"
        case RunKind.ADOPT:
            return "Make whole"
        case RunKind.DISSOLVE:
            return "Dissolve"
        case RunKind.MAP:
            return "Map"
        case RunKind.FREEZE:
            return "Freeze"
        case RunKind.THAW:
            return "Remove what was frozen of"
        case RunKind.PRUNE:
            return "Remove restore points of"
        case RunKind.REPLICATE:
            return "Replicate"
        case RunKind.REFRESH:
            return "Refresh"
        case RunKind.MEND:
            return "Mend"
        case RunKind.ARCHIVE:
            return "Archive"
        case RunKind.RETIRE:
            return "Retire"
        case RunKind.DELETE_ARCHIVE:
            return "Delete the archive of"
        case RunKind.RETURN:
            return "Restore the archive of"
        case RunKind.PROVE:
            return "Prove the archive of"
        case RunKind.CAPTURE:
            return "Capture"
        case RunKind.IMPORT:
            return "Import the blueprint"
        case RunKind.HALT | RunKind.SHUT_DOWN:
            return "Shut down"
        case RunKind.START:
            return "Start"
        case RunKind.REBOOT:
            return "Reboot"
        case RunKind.SUSPEND:
            return "Suspend"
        case RunKind.RESUME:
            return "Resume"
        case RunKind.SNAPSHOT:
            return "Take a restore point of"
        case RunKind.REVERT:
            return "Revert"
        case RunKind.RENAME:
            return "Rename"
        case RunKind.NOTE:
            return "Write the notes of"
        case RunKind.PROVISION:
            return "Provision"
        case RunKind.DELETE:
            return "Delete"
        case RunKind.ARRANGE:
            return "Arrange the members of"
        case RunKind.MIGRATE:
            return "Migrate"
        case RunKind.DEPLOY:
            return "Deploy a fence of"
        case RunKind.UNDEPLOY:
            return "Undeploy the fence of"
        case RunKind.PARK:
            return "Shut down the fence of"
        case RunKind.REROUTE:
            return "Change the router of"
        case RunKind.REDEPLOY:
            return "Redeploy the fence of"
    assert_never(kind)


def act_name(kind: RunKind) -> str:
    """Return the name of an act as it stands alone, on a button: `Promote`, `Add members`."""
    return kind_name(kind).removesuffix(" to").removesuffix(" from").removesuffix(" of")


def title(plan: Plan, workflow: Workflow | None = None) -> str:
    """Return a run in one line, such as `Promote shop 1.3.0 from Staging to Production`."""
    intent = plan.intent

    def named(stage_id: str) -> str:
        stage = next((stage for stage in workflow.stages if stage.id == stage_id), None) if workflow else None
        return shortened(stage.name if stage else name_of_id(stage_id), 40)

    text = f"{kind_name(intent.kind)} {shortened(intent.name, 80)}"
    if intent.kind is RunKind.REROUTE and intent.beside:
        written = {step.subject: step.action for step in plan.steps if isinstance(step.action, WriteFence)}
        verb = "Connect" if any(action.gains_a_peer for action in written.values()) else "Part"
        text = f"{verb} {listing(tuple(f'“{shortened(name, 58)}”' for name in written))}"
    elif intent.beside:
        text += f" and {count(len(intent.beside), 'other')}"
    if intent.source and intent.target and intent.source != intent.target:
        text += f" from {named(intent.source)} to {named(intent.target)}"
    elif intent.kind in (RunKind.CREATE, RunKind.RETURN, RunKind.PROVE, RunKind.PROVISION) and intent.target:
        text += f" in {named(intent.target)}"
    if intent.kind in (RunKind.REPLICATE, RunKind.DEPLOY) and intent.source in (None, intent.target) and intent.target:
        text += f" in {named(intent.target)}"
    if intent.kind is RunKind.MIGRATE and intent.abroad is not None:
        text += f" to pool “{shortened(intent.pool_names[1], 60)}”"
    if intent.disks is Disks.RESTORE:
        text += ", back to the restore point"
    elif intent.disks is Disks.SWAP:
        text += ", swapped with the stand-by"
    if intent.method is not Method.MOVE:
        text += ", by linked clone" if intent.method is Method.LINKED_CLONE else ", by full copy"
    return text


def state_name(state: RunState) -> str:
    """Return how a run stands, or how it ended."""
    match state:
        case RunState.RUNNING:
            return "running"
        case RunState.UNDOING:
            return "putting back"
        case _:
            return ending_name(OF_RUN[state])


def is_silent(quiet_s: float, ttl_s: float) -> bool:
    """Return whether who holds a lease has missed renewing it: past half its time the holder stops by itself."""
    return quiet_s > ttl_s / 2


def silence(quiet_s: float, ttl_s: float) -> str:
    """Return what is known of whether the console that holds a lease is alive."""
    return f"Its lease has not moved for {round(quiet_s)} s; after {round(ttl_s)} s its console counts as dead."


def refusal(error: Refused) -> str:
    """Return reason and mend as one text, for a tooltip or a column under a drag."""
    return f"{error.reason} {error.mend}".strip()


def explain(error: ConsoleError) -> Notice:
    """Return what failed, what was put back, what remains and what to do."""
    match error:
        case HeldElsewhere():
            held = f"held by {error.holder or 'somebody'} at {error.console or 'another console'}"
            details = "" if error.holder and error.holder in error.reason else held
            return Notice(failed=error.reason, mend=error.mend, details=details)
        case Refused():
            return Notice(failed=error.reason, mend=error.mend)
        case RunFailed():
            return _explain_failed_run(error)
        case Interrupted():
            return _explain_interrupted(error)
        case PoolFailed():
            return _explain_pool_failure(error)
        case PoolUnavailable():
            return _explain_unavailable(error)
        case ConnectFailed():
            return _explain_connect_failure(error)
        case StoreFailed():
            return Notice(failed=error.reason, mend=error.mend, details=error.path)
        case VerificationFailed():
            return Notice(
                failed="The pool does not show what the run should have made of it.",
                mend="Look at the machines named below; something else changed them meanwhile.",
                details="; ".join(error.differences),
            )
        case GateNotMet():
            waited = f"Waited for {duration(error.waited_s)}." if error.waited_s >= 1 else ""
            end = "" if error.sentence.endswith((".", "!", "?", "…")) else "."  # what a script said has any end
            return Notice(
                failed=f"The gate “{error.gate}” is not met: {error.sentence}{end}", mend=error.mend, details=waited
            )
        case LeaseLost():
            return Notice(
                failed=f"This console may not go on: {error.reason}",
                mend="Select it on the board, and settle the run.",
                details=error.thing,
            )
    return Notice(failed=f"Something failed: {error}")


def _explain_failed_run(error: RunFailed) -> Notice:
    cause = explain(error.cause)
    acts, kept = (_quoted(done) for done in (error.undone, error.lasts))
    put_back = f"What had been done was put back by {acts}." if acts else "" if kept else "Nothing had been changed."
    stays = "Nothing of it is left." if error.is_newcomer and not kept else "The configuration stays where it was."
    is_given_up = isinstance(error.cause, GivenUp)
    why = f"was given up: {cause.failed[:1].lower()}{cause.failed[1:]}" if is_given_up else f"failed: {cause.failed}"
    return Notice(
        failed=f"“{error.failed}” {why}",
        put_back=put_back,
        remains=f"{stays} Done and not to be put back: {kept}." if kept else stays,
        mend=RECONNECTS
        if cause.mend == PERHAPS_DONE
        else cause.mend or ("" if is_given_up else "Mend the cause and try again."),
        details=cause.details,
    )


def _quoted(steps: tuple[str, ...]) -> str:
    return listing(tuple(f"“{shortened(step, 58)}”" for step in steps))


def _explain_interrupted(error: Interrupted) -> Notice:
    return Notice(
        failed=f"The run stopped half-way: {error.reason}",
        put_back=f"Put back so far by {_quoted(error.undone)}." if error.undone else "",
        remains=f"Not settled: {_quoted(error.left_behind)}." if error.left_behind else "",
        mend="Select it on the board, and resume the run, here or in another console: it had begun to destroy what "
        "would be needed to go back."
        if error.is_destroying
        else "Select it on the board, and resume or undo the run, here or in another console.",
        details=f"run {error.run}",
    )


def _explain_unavailable(error: PoolUnavailable) -> Notice:
    mend = GIVEN_UP if error.is_for_good else RECONNECTS
    match error:
        case HostSilent():
            return Notice(
                failed=f"The host at {error.host} does not answer with what it measures.",
                mend="It is asked again from time to time.",
                details=error.cause,
            )
        case ConnectionLost():
            mend = PERHAPS_DONE if error.was_sent else mend
            return Notice(failed="The connection to the pool broke.", mend=mend, details=error.cause)
        case SessionLost():
            return Notice(failed="The pool ended this session.", mend=mend)
        case LostMaster():
            tried = f"tried {', '.join(error.tried)}" if error.tried else ""
            return Notice(failed="No coordinator of the pool answers.", mend=mend, details=tried)
    return Notice(failed="The pool cannot be reached.", mend=mend)


def _explain_connect_failure(error: ConnectFailed) -> Notice:
    details = error.url
    if isinstance(error, CertificateUnknown | CertificateChanged):
        details = f"{error.url}, SHA-256 {error.fingerprint}"
    if isinstance(error, CertificateChanged):
        details += f", expected {error.expected}"
    return Notice(failed=error.reason, mend=error.mend, details=details)


def _explain_pool_failure(error: PoolFailed) -> Notice:
    failed, mend = pool_words.sentences(error.code, error.parameters, error.storages, error.thing)
    parameters = ", ".join(shortened(parameter, 200) for parameter in error.parameters if parameter)
    details = " ".join(part for part in (error.method, error.code, f"[{parameters}]" if parameters else "") if part)
    return Notice(failed=failed, mend=mend, details=details)
