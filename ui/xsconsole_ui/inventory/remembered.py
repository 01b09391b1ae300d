"""How somebody left the inventory: view, order, columns, what is open. Kept as one text."""

import msgspec

from xsconsole.domain.outline.lines import Outline
from xsconsole.domain.outline.views import BY_NAME, Order, View
from xsconsole_ui.inventory.columns import BY_ID

MOST_TOGGLED = 2_000


class Remembered(msgspec.Struct, frozen=True, kw_only=True):
    """`columns` are those beside the name, from left to right; widths are in pixels."""

    view: View = View.HOSTS
    order_by: str = BY_NAME.column
    is_descending: bool = False
    columns: tuple[str, ...] = ()
    widths: dict[str, int] = {}
    toggled: tuple[str, ...] = ()

    @property
    def order(self) -> Order:
        return Order(column=self.order_by, is_descending=self.is_descending)

    def text(self) -> str:
        return msgspec.json.encode(self).decode()


def remembered(text: str) -> Remembered:
    """Read how it was left; what cannot be read, or names what is no more, counts as never written."""
    try:
        found = msgspec.json.decode(text, type=Remembered)
    except msgspec.MsgspecError:
        return Remembered()
    known = tuple(dict.fromkeys(id_ for id_ in found.columns if id_ in BY_ID and id_ != "name"))
    order_by = found.order_by if found.order_by in BY_ID else BY_NAME.column
    toggled = found.toggled[:MOST_TOGGLED]
    return msgspec.structs.replace(found, columns=known, order_by=order_by, toggled=toggled)


def text_of(outline: Outline, columns: tuple[str, ...], widths: dict[str, int]) -> str:
    """Return how a list is left, to be remembered."""
    order = outline.arrangement.order
    return Remembered(
        view=outline.arrangement.view,
        order_by=order.column,
        is_descending=order.is_descending,
        columns=columns,
        widths=widths,
        toggled=tuple(sorted(outline.toggled)[:MOST_TOGGLED]),
    ).text()
