"""What a user does in a dialog for files."""

from PySide6.QtWidgets import QLineEdit

from xsconsole_ui.demo.gestures import until
from xsconsole_ui.papers import Papers


async def file_into(papers: Papers, path: object) -> None:
    """Type a path into the dialog for files that is open, and accept it."""
    await until(lambda: papers.asked is not None and papers.asked.isVisible(), "the dialog for files")
    asked = papers.asked
    assert asked is not None
    asked.findChild(QLineEdit, "fileNameEdit").setText(str(path))
    asked.accept()
    await until(lambda: papers.asked is not asked, "its end")
