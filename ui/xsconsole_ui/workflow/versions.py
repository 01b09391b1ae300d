"""What the draft can be compared with: what stands, what was published before, other drafts."""

from collections.abc import Mapping

from xsconsole.console import Estate
from xsconsole.domain.folding import one_line
from xsconsole.domain.workflow import Workflow
from xsconsole_ui.texts import tr
from xsconsole_ui.times import clock_time
from xsconsole_ui.workflow.comparing import Look
from xsconsole_ui.workflow.desk import DraftDesk


def versions_at_hand(console: Estate, desk: DraftDesk) -> dict[str, Look]:
    """Return what can be compared without reading anything."""
    found: dict[str, Look] = {}
    published, base = console.board.workflow, desk.base
    if published is not None:
        stands = tr("v{version}, published") if console.board.is_published else tr("what would be published first")
        found[stands.format(version=published.version)] = lambda: published
    found[tr("this draft")] = lambda: desk.workflow
    if base is not None and base != published:
        found[tr("v{version}, where it began").format(version=base.version)] = lambda: base
    return found


async def more_versions(console: Estate, desk: DraftDesk) -> Mapping[str, Look]:
    """Return versions that stand on other pools or are on record, newest first, and the other drafts.

    Raises:
        StoreFailed: the record cannot be read.
    """
    shown = [one.digest for one in (console.board.workflow, desk.base) if one is not None]
    found: dict[str, Look] = {}
    for known in await console.publishing.versions():
        if known.workflow.digest in shown:
            continue
        words = tr("published") if not known.at else tr("on record {time}").format(time=clock_time(known.at))
        where = tr("on {pools}").format(pools=one_line(known.where)) if known.stands else words
        name = tr("v{version}, {where}").format(version=known.workflow.version, where=where)
        of_another = console.board.workflow is not None and known.workflow.id != console.board.workflow.id
        if of_another or name in found:
            name = f"{name} · {one_line(known.workflow.name)} · {known.workflow.digest[:8]}"
        found[name] = _is(known.workflow)
    drafts = console.home.drafts if console.home.has_drafts else None
    for heading in await drafts.headings() if drafts is not None else ():
        if not heading.problem and drafts is not None:
            draft = (await drafts.open(heading.id)).workflow
            if draft != desk.workflow:
                found[tr("draft “{name}”").format(name=one_line(heading.name))] = _is(draft)
    return found


def _is(workflow: Workflow) -> Look:
    return lambda: workflow
