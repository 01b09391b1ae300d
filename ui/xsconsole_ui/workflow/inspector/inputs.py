"""The widgets in which one value is edited, each for its kind of value."""

from typing import assert_never

from PySide6.QtWidgets import QWidget

from xsconsole_ui.workflow.forms.editors import Choice, Clock, Colour, Editor, Flag, Lines, Number, Span, Words
from xsconsole_ui.workflow.inspector.picked import ChoiceInput, ColourInput, FlagInput
from xsconsole_ui.workflow.inspector.typed import Input, LineInput, PaperInput

__all__ = ["Input", "input_for"]


def input_for(editor: Editor, name: str, parent: QWidget) -> Input:
    """Return the widget for a kind of value."""
    match editor:
        case Words(is_long=True) | Lines():
            return PaperInput(parent)
        case Flag():
            return FlagInput(name, parent)
        case Choice():
            return ChoiceInput(parent)
        case Colour():
            return ColourInput(parent)
        case Words() | Number() | Span() | Clock():
            return LineInput(editor, parent)
        case _:
            assert_never(editor)
