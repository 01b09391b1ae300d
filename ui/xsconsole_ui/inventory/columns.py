"""What the inventory can show beside the names. The order is that in which columns are offered."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from xsconsole.domain import words
from xsconsole.domain.inventory_items import Item, Sort
from xsconsole_ui import times

GIB = 1024**3
NAME_WIDTH = 220  # px


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """`id` is also the name of the order that the core sorts by. Widths are in pixels."""

    id: str
    title: str
    width: int
    text: Callable[[Item], str]
    hint: Callable[[Item], str] | None = None  # where there is more to say than stands in the cell
    is_number: bool = False


def gib(size_bytes: int | None) -> str:
    """Return a size in GiB, always with one digit after the point, so that a column of them aligns."""
    return "" if size_bytes is None else f"{size_bytes / GIB:,.1f}".replace(",", "\u202f")


def _number(number: int | None) -> str:
    return "" if number is None else str(number)


def _exactly(size_bytes: int | None) -> str:
    return "" if size_bytes is None else f"{words.size(size_bytes)} ({size_bytes:,} bytes)"


def _time(at: datetime | None) -> str:
    return "" if at is None else f"{at.astimezone():%Y-%m-%d %H:%M}"


COLUMNS: tuple[Column, ...] = (
    Column(id="name", title="Name", width=NAME_WIDTH, text=lambda item: item.name),
    Column(id="state", title="State", width=84, text=lambda item: item.state),
    Column(
        id="memory",
        title="Memory (GiB)",
        width=112,
        text=lambda item: gib(item.memory),
        hint=lambda item: _exactly(item.memory),
        is_number=True,
    ),
    Column(id="vcpus", title="vCPUs", width=68, text=lambda item: _number(item.vcpus), is_number=True),
    Column(
        id="host",
        title="Host",
        width=110,
        text=lambda item: (item.host or "") if item.sort is not Sort.HOST else "",
    ),
    Column(id="pool", title="Pool", width=120, text=lambda item: item.pool_name if item.sort is not Sort.POOL else ""),
    Column(id="address", title="Address", width=120, text=lambda item: ", ".join(item.addresses)),
    Column(id="tags", title="Tags", width=120, text=lambda item: ", ".join(item.tags)),
    Column(id="service", title="Service", width=90, text=lambda item: item.service),
    Column(id="stage", title="Stage", width=100, text=lambda item: item.stage or ""),
    Column(id="configuration", title="Configuration", width=120, text=lambda item: item.configuration_name),
    Column(id="version", title="Version", width=72, text=lambda item: item.version),
    Column(id="vapp", title="vApp", width=110, text=lambda item: item.appliance_name),
    Column(id="folder", title="Folder", width=120, text=lambda item: item.folder),
    Column(id="os", title="System", width=140, text=lambda item: item.system),
    Column(
        id="free",
        title="Free (GiB)",
        width=98,
        text=lambda item: gib(item.free_bytes),
        hint=lambda item: _exactly(item.free_bytes),
        is_number=True,
    ),
    Column(
        id="size",
        title="Size (GiB)",
        width=98,
        text=lambda item: gib(item.size),
        hint=lambda item: _exactly(item.size),
        is_number=True,
    ),
    Column(id="snapshots", title="Snapshots", width=96, text=lambda item: _number(item.snapshots), is_number=True),
    Column(
        id="snapshot",
        title="Newest snapshot",
        width=136,
        text=lambda item: _time(item.newest_snapshot),
        hint=lambda item: times.exact_time(item.newest_snapshot) if item.newest_snapshot is not None else "",
    ),
    Column(id="kind", title="Kind", width=72, text=lambda item: item.sort),
    Column(id="description", title="Description", width=200, text=lambda item: " ".join(item.description.split())),
    Column(id="uuid", title="UUID", width=250, text=lambda item: item.uuid),
)

BY_ID = {column.id: column for column in COLUMNS}
