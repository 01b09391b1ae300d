"""What the inventory says of itself: its views, how fresh it is, and why there is nothing to see."""

from collections.abc import Mapping, Sequence

from xsconsole.domain import words
from xsconsole.domain.estate import PoolSight
from xsconsole.domain.events import LinkChanged, LinkState
from xsconsole.domain.inventory_items import Sort
from xsconsole.domain.outline.lines import Outline
from xsconsole.domain.outline.views import View
from xsconsole_ui import times

VIEW_NAMES: Mapping[View, str] = {
    View.HOSTS: "Hosts",
    View.SERVICES: "Services",
    View.TAGS: "Tags",
    View.FOLDERS: "Folders",
    View.APPLIANCES: "vApps",
    View.FLAT: "Flat list",
}
VIEW_HINTS: Mapping[View, str] = {
    View.HOSTS: "By pool and host",
    View.SERVICES: "By service, stage and configuration",
    View.TAGS: "By tag; what has several stands under each",
    View.FOLDERS: "By folder, as XenCenter shows them",
    View.APPLIANCES: "By vApp",
    View.FLAT: "Everything in one list, to be sorted",
}
_PURPOSES: Mapping[View, tuple[str, str]] = {
    View.SERVICES: (
        "No configurations yet",
        "Members of configurations appear here by service and stage. Select VMs in another view and create one.",
    ),
    View.TAGS: ("No tags yet", "What has a tag appears here, under each of its tags."),
    View.FOLDERS: ("No folders yet", "What XenCenter or this console puts into a folder appears here."),
    View.APPLIANCES: ("No vApps yet", "VMs that the pool starts and stops together as a vApp appear here."),
}


def freshness(
    sights: Sequence[PoolSight], outline: Outline, link: LinkChanged, *, is_filtered: bool
) -> tuple[str, bool]:
    """Return how fresh the list is and how much there is or matches, in few words, and whether any of it is old.

    `link` is the best of the roads there are, or will be.
    """
    if len(sights) < 2:
        link = sights[0].link if sights else link
        return _freshness(link, outline, is_filtered=is_filtered), _is_old(link)
    old = [sight for sight in sights if not sight.is_live]
    if all(sight.link.state is LinkState.CONNECTING and sight.link.as_of is None for sight in sights):
        return "connecting…", False
    number = _number(outline, is_filtered=is_filtered)
    if not old:
        return f"live · {words.count(len(sights), 'pool')} · {number}", False
    return f"{len(sights) - len(old)} of {words.count(len(sights), 'pool')} live · {number}", True


def _is_old(link: LinkChanged) -> bool:
    return link.state is LinkState.LOST or (link.state is LinkState.CLOSED and link.as_of is not None)


def _number(outline: Outline, *, is_filtered: bool) -> str:
    """Return how many objects match, in whatever view they stand, or without a filter how many VMs there are."""
    return f"{len(outline.matching)} matching" if is_filtered else words.count(outline.count(Sort.VM), "VM")


def _freshness(link: LinkChanged, outline: Outline, *, is_filtered: bool) -> str:
    match link.state:
        case LinkState.LIVE if outline.is_loading:
            return "live · loading…"
        case LinkState.LIVE:
            hosts = "" if is_filtered else f"{words.count(outline.count(Sort.HOST), 'host')} · "
            return f"live · {hosts}{_number(outline, is_filtered=is_filtered)}"
        case LinkState.LOST if link.as_of is not None:
            now = "" if link.has_given_up else " (reconnecting)"  # the pool's badge says so; the title needs its room
            return f"as of {times.clock_time(link.as_of)}{now}"
        case LinkState.CLOSED if link.as_of is not None:
            return f"as of {times.clock_time(link.as_of)}"
        case LinkState.CLOSED:
            return "not connected"
        case _:
            return "connecting…"


def emptiness(
    outline: Outline, link: LinkChanged, *, is_filtered: bool, connecting: Sequence[str] = ()
) -> tuple[str, str]:
    """Return a title and a sentence for a list in which there is nothing; `connecting` names what is on its way."""
    if outline.is_loading:
        return "Loading", "The pool is sending what it has."
    if is_filtered and outline.matching:
        others = words.count(len(outline.matching), "object")
        view = VIEW_NAMES[outline.arrangement.view].lower()
        return "Nothing matches here", f"{others} elsewhere: the view by {view} does not show them. Choose another one."
    if is_filtered:
        return "Nothing matches", "Esc clears the filter."
    if outline.items and outline.arrangement.view in _PURPOSES:
        return _PURPOSES[outline.arrangement.view]
    if link.state is LinkState.CONNECTING:
        where = f" to {words.listing(tuple(connecting))}" if connecting else ""
        return f"Connecting{where}", "Hosts, VMs, storage and networks appear as soon as the pool has sent them."
    if link.state is LinkState.LIVE:
        return "Loading", "The pool is sending what it has."
    return "No pool", "Hosts, VMs, storage and networks of the pool appear here once connected."
