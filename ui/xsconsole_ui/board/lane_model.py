"""The cards of one stage, sorted, as a model that changes row by row."""

import json
from bisect import bisect_left
from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import QAbstractListModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt

from xsconsole.domain.board import Card
from xsconsole.domain.folding import natural, one_line
from xsconsole.domain.ids import ConfigurationId, StageId
from xsconsole_ui.board.faces import Face
from xsconsole_ui.texts import tr

MIME_TYPE = "application/x-xsconsole-configuration"
CARD_ROLE = Qt.ItemDataRole.UserRole + 1
FACE_ROLE = Qt.ItemDataRole.UserRole + 2
LIFTED_ROLE = Qt.ItemDataRole.UserRole + 3

Key = tuple[bool, str, str, str, str, ConfigurationId]
Index = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True, kw_only=True)
class Dragged:
    """What a drag carries: which configuration, as of which revision, and `also` others that were selected with it."""

    configuration: ConfigurationId
    revision: int
    also: tuple[tuple[ConfigurationId, int], ...] = ()

    @property
    def every(self) -> tuple[ConfigurationId, ...]:
        return (self.configuration, *(configuration for configuration, _ in self.also))


def to_mime(dragged: Dragged) -> QMimeData:
    mime = QMimeData()
    value = {"configuration": dragged.configuration, "revision": dragged.revision, "also": dragged.also}
    mime.setData(MIME_TYPE, json.dumps(value).encode())
    return mime


def from_mime(mime: QMimeData) -> Dragged | None:
    """Read a drag; None where it is not one of ours. Another program may have made it."""
    try:
        value = json.loads(bytes(mime.data(MIME_TYPE).data()))
        also = tuple((ConfigurationId(str(other)), int(revision)) for other, revision in value.get("also", ()))
        first = ConfigurationId(str(value["configuration"]))
        return Dragged(configuration=first, revision=int(value["revision"]), also=also)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None


@dataclass(slots=True)
class Row:
    key: Key
    card: Card
    face: Face
    told: str
    group: str | None = None  # its name, where cards are grouped
    is_lifted: bool = False


class LaneModel(QAbstractListModel):
    """Cards appear and go only because the board says so; a drop asks and changes nothing here."""

    def __init__(
        self,
        stage: StageId,
        *,
        may_drop: Callable[[Dragged, StageId], bool],
        on_drop: Callable[[Dragged, StageId], None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.stage = stage
        self._may_drop = may_drop
        self._on_drop = on_drop
        self._rows: list[Row] = []
        self._keys: dict[ConfigurationId, Key] = {}
        self.folded: frozenset[str] = frozenset()
        self.nobodys = ""  # what stands above the group of cards that belong to nobody

    def show(self, card: Card, face: Face, told: str, group: str | None = None) -> None:
        """Take a card in, or show its new face. Cards of one group stand together, below its name."""
        nobodys = group == ""
        key = (nobodys, natural(group or ""), group or "", natural(card.service), natural(card.name), card.id)
        before = self._keys.get(card.id)
        at = self.row_of(card.id)
        if before is not None and (before != key or (at is not None and self._rows[at].group != group)):
            self.forget(card.id)
            before = None
        at = bisect_left(self._rows, key, key=lambda row: row.key)
        if before is None:
            self.beginInsertRows(QModelIndex(), at, at)
            self._rows.insert(at, Row(key, card, face, told, group))
            self._keys[card.id] = key
            self.endInsertRows()
            return
        row = self._rows[at]
        is_changed = (row.face, row.told) != (face, told)
        row.card, row.face, row.told = card, face, told
        if is_changed:
            index = self.index(at)
            self.dataChanged.emit(index, index)

    def forget(self, configuration: ConfigurationId) -> None:
        at = self.row_of(configuration)
        if at is not None:
            self.beginRemoveRows(QModelIndex(), at, at)
            del self._rows[at]
            del self._keys[configuration]
            self.endRemoveRows()

    def lift(self, configuration: ConfigurationId, *, is_lifted: bool) -> None:
        """Show that a card is being dragged, or no longer."""
        at = self.row_of(configuration)
        if at is not None and self._rows[at].is_lifted != is_lifted:
            self._rows[at].is_lifted = is_lifted
            index = self.index(at)
            self.dataChanged.emit(index, index, [LIFTED_ROLE])

    def row_of(self, configuration: ConfigurationId) -> int | None:
        key = self._keys.get(configuration)
        return None if key is None else bisect_left(self._rows, key, key=lambda row: row.key)

    def head_at(self, row: int) -> str | None:
        """Return the name of the group that begins with a row; None where none does."""
        group = self._rows[row].group
        return group if row == 0 or self._rows[row - 1].group != group else None

    def group_name(self, group: str) -> str:
        """Return what stands above a group; that of cards which belong to nobody comes last, and has a name too."""
        return one_line(group) or self.nobodys

    def is_folded(self, row: int) -> bool:
        """Whether the card of a row is folded away with its group."""
        return self._rows[row].group in self.folded

    def group_size(self, group: str) -> int:
        return sum(row.group == group for row in self._rows)

    def group_at(self, row: int) -> str | None:
        return self._rows[row].group

    def fold(self, folded: frozenset[str]) -> None:
        """Fold these groups away, and no others."""
        if folded != self.folded:
            self.folded = folded
            if self._rows:
                self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1))

    @property
    def all_rows(self) -> tuple[Row, ...]:
        return tuple(self._rows)

    def face_at(self, row: int) -> Face:
        return self._rows[row].face

    def card_at(self, index: Index) -> Card | None:
        return self._rows[index.row()].card if index.isValid() and index.row() < len(self._rows) else None

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not index.isValid() or index.row() >= len(self._rows):
            return None
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.card.name
            case Qt.ItemDataRole.ToolTipRole | Qt.ItemDataRole.AccessibleDescriptionRole:
                return row.told
            case Qt.ItemDataRole.AccessibleTextRole:
                head = self.head_at(index.row())
                if head is not None and self.is_folded(index.row()):
                    return tr("{group}, {n}, folded away").format(group=self.group_name(head), n=self.group_size(head))
                group = "" if head is None else f"{self.group_name(head)}, {self.group_size(head)}: "
                return group + row.told.replace("\n", ", ")
            case _ if role == CARD_ROLE:
                return row.card
            case _ if role == FACE_ROLE:
                return row.face
            case _ if role == LIFTED_ROLE:
                return row.is_lifted
            case _:
                return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flag = Qt.ItemFlag
        if not index.isValid():
            return flag.ItemIsDropEnabled
        if index.row() < len(self._rows) and self.is_folded(index.row()):
            return flag.ItemIsEnabled | flag.ItemIsDropEnabled  # the keyboard stands on its group's name at most
        return flag.ItemIsEnabled | flag.ItemIsSelectable | flag.ItemIsDragEnabled | flag.ItemIsDropEnabled

    def mimeTypes(self) -> list[str]:
        return [MIME_TYPE]

    def mimeData(self, indexes: "list[QModelIndex]") -> QMimeData:  # type: ignore[override]
        card = self.card_at(indexes[0]) if indexes else None
        if card is None:
            return QMimeData()
        return to_mime(Dragged(configuration=card.id, revision=card.revision))

    def supportedDragActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def canDropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        del action, row, column, parent
        dragged = from_mime(data)
        return dragged is not None and self._may_drop(dragged, self.stage)

    def dropMimeData(self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index) -> bool:
        """Ask for the move. Never says that it happened: the pool does, later."""
        del action, row, column, parent
        dragged = from_mime(data)
        if dragged is not None:
            self._on_drop(dragged, self.stage)
        return False
