"""What is asked before an archive in files is deleted, or what is left of one that was never finished."""

from datetime import datetime

from PySide6.QtWidgets import QWidget

from xsconsole.domain.archive import Shelved, freed_words
from xsconsole.domain.folding import one_line
from xsconsole_ui.dialogs import Question
from xsconsole_ui.texts import tr


def deletion_question(one: Shelved, now: datetime, parent: QWidget) -> Question:
    title, text = tr("Delete the archive?"), tr("The archive of {name} is deleted for good.")
    if one.is_unfinished:
        title, text = tr("Delete what is left?"), tr("What was written into {name} is deleted for good.")
    about = tr("{frees} What stands on pools stays.").format(frees=freed_words(one, now))
    return Question(parent, title, text.format(name=one_line(one.called)), about, tr("Delete"))
