"""What the list of archives has columns for, what it can be asked for, and all that is told of one."""

from datetime import UTC, datetime, timedelta

from xsconsole.domain.archive import Form, Listed, Pooled, Shelved, has_expired, is_bad
from xsconsole.domain.points.sizes import total_taken
from xsconsole.domain.words import count, duration, size
from xsconsole_ui import times
from xsconsole_ui.list_model import Column
from xsconsole_ui.texts import tr

NEVER = 0.0
NOTED = timedelta(minutes=1)  # by how much the clock of a pool is off, for that to be told


def columns_of_archives() -> tuple[Column[Listed], ...]:
    return (
        Column(head="Configuration", text=lambda one: one.called, width=130),
        Column(head="Stood in", text=_stage, width=100),
        Column(head="Pool", text=lambda one: one.archive.pool_name if one.archive else "", width=96),
        Column(
            head="Frozen",
            text=lambda one: times.clock_time(one.archive.frozen_at) if one.archive else "",
            hint=lambda one: times.exact_time(one.archive.frozen_at) if one.archive else one.problem,
            key=lambda one: _rank(one.archive.frozen_at if one.archive else None),
            width=84,
        ),
        Column(
            head="Size",
            text=lambda one: size(one.archive.size_bytes) if one.archive else "",
            key=lambda one: float(one.archive.size_bytes) if one.archive else NEVER,
            width=76,
        ),
        Column(
            head="Proven whole",
            text=_proven,
            tone=lambda one: "bad" if is_bad(one) else "" if one.proven_at else "warn",
            key=lambda one: _rank(one.proven_at),
            width=110,
        ),
        Column(
            head="Restorable",
            text=_restorable,
            hint=_tried,
            tone=lambda one: "bad" if one.proofs.failed else "" if one.proofs.proven or one.archive is None else "warn",
            key=lambda one: _rank(one.proofs.proven.at if one.proofs.proven else None),
            width=90,
        ),
        Column(
            head="Kept",
            text=_kept,
            hint=lambda one: one.held.words if one.held else "",
            tone=lambda one: "warn" if has_expired(one) else "",
            key=lambda one: _rank(one.keep.until if one.keep else None),
            width=72,
        ),
        Column(head="Where", text=lambda one: one.where, tone=lambda _: "muted"),
    )


NAME = 0  # grows with the longest
SPARE = (7, 2, 4, 6, 1)  # the words below the list have them too


def told(one: Listed, owner: str = "") -> str:
    """Return all that matters of an archive, in a few lines; `owner` is to whom its key is pinned, if to anybody."""
    archive = one.archive
    if archive is None:
        return f"{one.where}: {one.problem}"
    machines = count(len(archive.members), "machine")
    skew = tr("the last machine {seconds} s after the first").format(seconds=f"{archive.skew_s:.0f}")
    other = tr("by the key of {name} ({key})") if owner else tr("by a key that nobody here knows: {key}")
    by = tr("by this console's key") if one.is_own else other.format(name=owner, key=archive.key[:16])
    lines = [
        tr("{name}, revision {revision}, of {stage} in {pool}: {machines}, frozen at {time}, {skew}.").format(
            name=archive.name,
            revision=archive.revision,
            stage=archive.stage_name,
            pool=archive.pool_name,
            machines=machines,
            time=times.exact_time(archive.frozen_at),
            skew=skew,
        ),
        tr("Archived by {who} at {console}: {why}. Signed {by}.").format(
            who=archive.actor,
            console=archive.console_name,
            why=archive.reason.removesuffix(".") or tr("no reason given"),
            by=by,
        ),
        tr("Networks: {networks}.").format(networks=", ".join(archive.networks) or tr("none")),
        tr("It lies in {where}.").format(where=one.where) if isinstance(one, Shelved) else "",
    ]
    if isinstance(one, Pooled):
        lines += _in_pool(one)
    if archive.approvals:
        lines.append(tr("It holds the approvals of {runs}.").format(runs=count(len(archive.approvals), "run")))
    if one.damaged_at is not None:
        found = tr("Found damaged at {time}. {damage}")
        lines.append(found.format(time=times.exact_time(one.damaged_at), damage=one.damage).strip())
    lines += _trials(one)
    if one.keep is not None:
        until = times.exact_time(one.keep.until)
        expired = tr("It has expired: it was to be kept until {time}, as {who} said.")
        kept = (
            expired if one.keep.is_over(one.clock(datetime.now(UTC))) else tr("To be kept until {time}, as {who} said.")
        )
        lines.append(kept.format(time=until, who=one.keep.by))
    if one.held is not None:
        lines.append(tr("Held by {words}").format(words=one.held.words))
    return "\n".join(filter(None, lines))


def _in_pool(one: Pooled) -> list[str]:
    """Return what is told of an archive in a pool beside what those in files have too."""
    found = []
    if one.archive is not None:
        retired = tr("It was retired: its own machines became the templates, which take {costs}.")
        copied = tr("Its templates are copies, by {method}, which take {costs}.")
        said = retired if one.archive.form is Form.RETIRED else copied
        taken = size(total_taken(one.costs))
        found.append(said.format(method=one.archive.method.replace("-", " "), costs=taken))
    if (one.keep is not None or one.held is not None) and abs(one.ahead) >= NOTED:
        late = duration(abs(one.ahead).total_seconds())
        where = tr("ahead of") if one.ahead > timedelta() else tr("behind")
        found.append(
            tr("It is kept by the clock of its pool, which is {time} {where} this computer's.").format(
                time=late, where=where
            )
        )
    return [*found, *(finding.sentence for finding in one.findings)]


def _stage(one: Listed) -> str:
    return one.archive.stage_name if one.archive else ""


def _proven(one: Listed) -> str:
    if one.archive is None:
        return tr("unfinished") if one.is_unfinished else tr("✖ unreadable")
    if isinstance(one, Pooled) and not one.is_whole:
        return tr("✖ changed")
    if one.damaged_at is not None:
        return tr("✖ damaged")
    return times.clock_time(one.proven_at) if one.proven_at else tr("never")


def _restorable(one: Listed) -> str:
    if one.proofs.failed is not None:
        return tr("✖ failed")
    if one.proofs.proven is not None:
        return times.clock_time(one.proofs.proven.at)
    return tr("never tried") if one.archive is not None else ""


def _tried(one: Listed) -> str:
    return "\n".join(_trials(one))


def _trials(one: Listed) -> list[str]:
    """Return when it was last proven that it can be restored, and when it last could not be."""
    found = []
    if one.proofs.proven is not None:
        found.append(tr("Last proven restorable {words}").format(words=one.proofs.proven.words))
    if one.proofs.failed is not None:
        found.append(tr("Could not be restored {words}").format(words=one.proofs.failed.words))
    return found


def _kept(one: Listed) -> str:
    if one.held is not None:
        return tr("held")
    if one.keep is None:
        return ""
    return tr("expired") if has_expired(one) else f"{one.keep.until.astimezone():%Y-%m-%d}"


def _rank(at: datetime | None) -> float:
    return at.timestamp() if at is not None else NEVER
