"""What the window remembers from one start to the next, kept by the console and nowhere else."""

import binascii
from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Protocol

from PySide6.QtCore import QByteArray

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

    @property
    def scheme(self) -> Scheme:
        try:
            return Scheme(self._state.get("scheme", ""))
        except ValueError:
            return Scheme.SYSTEM

    @scheme.setter
    def scheme(self, scheme: Scheme) -> None:
        self._state["scheme"] = scheme.value

    def save(self) -> None:
        self._keeper.save_window_state(dict(self._state))
