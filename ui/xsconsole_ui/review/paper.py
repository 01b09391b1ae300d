"""The report on paper: the page of the bundle itself, laid out by Qt, as a PDF or for a printer."""

import re
from pathlib import Path

from PySide6.QtCore import QMarginsF, QSaveFile
from PySide6.QtGui import QPageLayout, QPageSize, QPdfWriter, QTextDocument
from PySide6.QtPrintSupport import QPrinter

from xsconsole.errors import AlreadyThere, Refused
from xsconsole_ui import theme
from xsconsole_ui.texts import tr

MARGIN_MM = 2.0  # beside those that Qt leaves on a page by itself
SHEET = """
body { color: #000000; } h1 { font-size: 15pt; } h2 { font-size: 12pt; margin-top: 14px; } h3 { font-size: 10pt; }
p { margin: 2px 0; } th { text-align: left; color: #444444; font-weight: normal; padding: 2px 6px 2px 0; }
td { padding: 2px 6px 2px 0; } .good { color: #17713b; } .bad { color: #b3261e; font-weight: bold; }
.noprint { color: #ffffff; } dt { color: #444444; } code { font-family: "JetBrains Mono"; font-size: 7pt; }
"""


def document_of(page: str) -> QTextDocument:
    """Return the page of a bundle as Qt lays it out: its style is for browsers, and is replaced; links lead nowhere."""
    plain = re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    plain = re.sub(r'<p class="noprint">.*?</p>', "", plain, flags=re.DOTALL)
    plain = re.sub(r"<(script|img|object|iframe|link)\b[^>]*>", "", plain)  # of a page that is not ours
    plain = plain.replace("<table", '<table width="100%"')
    made = QTextDocument()
    font = theme.text_font()
    font.setPointSizeF(9.0)
    made.setDefaultFont(font)
    made.setDefaultStyleSheet(SHEET)
    made.setHtml(plain)
    return made


def write_pdf(page: str, path: Path, *, may_replace: bool = False) -> None:
    """Write the report as a PDF, whole or not at all.

    Raises:
        AlreadyThere: there is a file of that name.
        Refused: there is no page, or it cannot be written.
    """
    if not page:
        raise Refused(
            reason=tr("The report cannot be read out of this file: it is not whole."),
            mend=tr("Ask for the file again; `audit verify` says what is wrong with this one."),
        )
    if path.exists() and not may_replace:
        raise AlreadyThere(reason=tr("There is a file {name} already.").format(name=path.name))
    file = QSaveFile(str(path))
    if not file.open(QSaveFile.OpenModeFlag.WriteOnly):
        raise Refused(
            reason=tr("{path} cannot be written: {why}.").format(path=path, why=file.errorString()),
            mend=tr("Choose another folder."),
        )
    writer = QPdfWriter(file)
    writer.setTitle(tr("Evidence of what a console did"))
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(MARGIN_MM, MARGIN_MM, MARGIN_MM, MARGIN_MM), QPageLayout.Unit.Millimeter)
    document_of(page).print_(writer)
    del writer  # which ends the file
    if not file.commit():
        raise Refused(reason=tr("{path} cannot be written: {why}.").format(path=path, why=file.errorString()))


def print_on(page: str, printer: QPrinter) -> None:
    printer.setDocName(tr("Evidence of what a console did"))
    document_of(page).print_(printer)
