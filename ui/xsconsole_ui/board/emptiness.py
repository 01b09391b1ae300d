"""What the board says while it has no card to show."""

from collections.abc import Sequence

from xsconsole.domain.board import Board
from xsconsole.domain.events import LinkChanged, LinkState
from xsconsole.domain.words import listing
from xsconsole_ui.texts import tr


def emptiness(board: Board, link: LinkChanged, connecting: Sequence[str] = ()) -> tuple[str, str]:
    """Return a title and a sentence: why there is no card, and what to do. `connecting` names what is on its way."""
    if board.workflow is not None and not board.is_published:
        return (
            tr("No workflow is published on this pool"),
            tr("Somebody with the role pool-operator has to connect once; then configurations can be made."),
        )
    if board.workflow is not None:
        return (
            tr("No configuration yet"),
            tr(
                "A configuration is a group of VMs that moves through the stages as one. "
                "Select VMs in the inventory and make the first one from them."
            ),
        )
    if link.state is LinkState.CONNECTING:
        title = tr("Connecting to {pools}").format(pools=listing(tuple(connecting))) if connecting else tr("Connecting")
        return title, tr("Stages and cards appear as soon as the pool has sent what it has.")
    return (
        tr("Not connected"),
        tr("The board shows the configurations of a pool, stage by stage. Connect to one first."),
    )
