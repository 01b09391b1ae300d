"""What one part of the window names, another one shows."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from xsconsole.domain.acts import ObjectId
from xsconsole.domain.ids import ConfigurationId

if TYPE_CHECKING:
    from xsconsole_ui.main_window import MainWindow


def connect(
    window: "MainWindow", show_card: Callable[[ConfigurationId], object], show_object: Callable[[ObjectId], object]
) -> None:
    """Let cards, objects, fences and requests be shown wherever they are named."""
    for card_wanted in (window.inbox.stays.wanted, window.library.card_wanted, window.fences.card_wanted):
        card_wanted.connect(show_card)
    objects = (window.activity.object_wanted, window.health.object_wanted, window.fences.object_wanted)
    for wanted in (*objects, window.inspector.followed, window.audit.object_wanted):
        wanted.connect(show_object)
    window.audit.card_wanted.connect(show_card)
    window.audit.request_wanted.connect(window.inbox_news.open_one)
    window.inspector.card_page.outside_wanted.connect(window.hands.outside.show)
    window.fence_news.wanted.connect(window.hands.show_fence_of)
