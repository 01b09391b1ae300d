"""What the window remembers from one start to the next, kept by the console and nowhere else."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Protocol

from PySide6.QtCore import QByteArray
from PySide6.QtWidgets import QMainWindow

from xsconsole_ui.theme import Scheme

LAYOUT_VERSION = 1


class Keeper(Protocol):
    """Where the state is kept."""

    def load_window_state(self) -> Mapping[str, str]: ...

    def save_window_state(self, state: Mapping[str, str]) -> None: ...


class WindowState:
    """Named texts. What cannot be read counts as never written."""

    def __init__(self, keeper: Keeper) -> None:
        self._keeper = keeper
        self._state = dict(keeper.load_window_state())

    def bytes_of(self, name: str) -> QByteArray | None:
        try:
            return QByteArray(b64decode(self._state[name], validate=True))
        except (KeyError, ValueError, binascii.Error):
            return None

    def set_bytes(self, name: str, value: QByteArray) -> None:
        self._state[name] = b64encode(bytes(value.data())).decode("ascii")

    def text_of(self, name: str) -> str:
        return self._state.get(name, "")

    def set_text(self, name: str, value: str) -> None:
        self._state[name] = value

    @property
    def scheme(self) -> Scheme:
        try:
            return Scheme(self._state.get("scheme", ""))
        except ValueError:
            return Scheme.SYSTEM

    def restore(self, window: QMainWindow) -> None:
        """Put the window where it was left."""
        geometry, layout = self.bytes_of("geometry"), self.bytes_of("layout")
        if geometry is not None:
            window.restoreGeometry(geometry)
        if layout is not None:
            window.restoreState(layout, LAYOUT_VERSION)

    def remember(self, window: QMainWindow, scheme: Scheme) -> None:
        """Keep where the window is, and how it is dressed."""
        self.set_bytes("geometry", window.saveGeometry())
        self.set_bytes("layout", window.saveState(LAYOUT_VERSION))
        self._state["scheme"] = scheme.value
        self._keeper.save_window_state(dict(self._state))
