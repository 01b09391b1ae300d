"""Charts: read by mouse and by keyboard at any instant, the same one in all, and copied with their numbers."""

import csv
import io
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from PySide6.QtCore import QEvent, QPoint, QRectF, Qt
from PySide6.QtGui import QAccessible, QHelpEvent, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QToolTip

from tests.embedded import EmbeddedPool
from tests.ui.board_window import CTRL, Key, console, pool, window
from tests.ui.object_gestures import select
from xsconsole.console import Console
from xsconsole.domain.metrics import Chart, Curve, Unit
from xsconsole_ui import theme
from xsconsole_ui.demo.gestures import until
from xsconsole_ui.main_window import MainWindow
from xsconsole_ui.objects.chart_painter import ChartPainter
from xsconsole_ui.objects.chart_view import ChartView

__all__ = ["console", "pool", "window"]

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
MIB = 1024.0**2


def a_chart(number: int = 13, *, later: timedelta = timedelta(0)) -> Chart:
    times = tuple(NOON + later + timedelta(minutes=10 * at) for at in range(number))
    read = tuple(at * MIB for at in range(number))
    return Chart(
        title="Disk",
        unit=Unit.RATE,
        times=times,
        curves=(Curve(label="read", values=read), Curve(label="write", values=(*read[:-1], math.nan))),
    )


@pytest.fixture
def view(qapp: QApplication) -> Iterator[ChartView]:
    made = ChartView()
    made.pointed.connect(made.point_at)
    made.resize(300, made.sizeHint().height())
    made.show_chart(a_chart())
    made.show()
    made.activateWindow()
    made.setFocus()
    yield made
    made.close()
    made.deleteLater()


def x_of(view: ChartView, at: int) -> int:
    chart = view.chart
    assert chart is not None
    return round(ChartPainter(chart, QRectF(view.rect())).x(chart.times[at]))


def test_the_newest_values_are_told_until_the_mouse_points_at_others(view: ChartView) -> None:
    assert view.told == "read 12 MiB/s · write –"

    QTest.mouseMove(view, QPoint(x_of(view, 3) + 2, view.height() // 2))

    assert view.told.endswith("· read 3 MiB/s · write 3 MiB/s")
    assert view.told.startswith(f"{(NOON + timedelta(minutes=30)).astimezone().day} ") or ":" in view.told
    assert "read 3 MiB/s" in QAccessible.queryAccessibleInterface(view).text(QAccessible.Text.Name)


def test_arrow_keys_read_one_value_after_another_and_esc_the_newest(view: ChartView) -> None:
    for key, read in (
        *((Key.Key_Left, 11), (Key.Key_Left, 10), (Key.Key_Right, 11), (Key.Key_Home, 0), (Key.Key_Left, 0)),
        *((Key.Key_PageDown, 10), (Key.Key_End, 12), (Key.Key_PageUp, 2)),
    ):
        QTest.keyClick(view, key)
        assert f"read {read} " in view.told

    QTest.keyClick(view, Key.Key_Escape)
    assert view.told == "read 12 MiB/s · write –"


def test_what_is_read_stays_while_newer_values_arrive(view: ChartView) -> None:
    QTest.keyClick(view, Key.Key_Home)
    QTest.keyClick(view, Key.Key_PageDown)
    told = view.told

    view.show_chart(a_chart(14))

    assert view.told == told


def test_where_the_mouse_points_and_what_is_told_are_the_same_instant(view: ChartView) -> None:
    chart = view.chart
    assert chart is not None
    painter = ChartPainter(chart, QRectF(view.rect()))

    assert [painter.instant(painter.x(at)) for at in chart.times] == list(chart.times)
    assert painter.instant(-100.0) == chart.times[0]
    assert painter.instant(10_000.0) == chart.times[-1]


def test_the_exact_time_is_told_beside_the_curves_not_over_them(view: ChartView) -> None:
    view.move(100, 100)
    at = QPoint(x_of(view, 4), 30)
    QTest.mouseMove(view, at)

    QApplication.sendEvent(view, QHelpEvent(QEvent.Type.ToolTip, at, view.mapToGlobal(at)))

    tips = [one for one in QApplication.topLevelWidgets() if one.isVisible() and one.inherits("QTipLabel")]
    assert [tip.geometry().intersects(view.geometry()) for tip in tips] == [False]
    QToolTip.hideText()


def test_the_axes_and_what_is_pointed_at_are_painted(view: ChartView) -> None:
    def painted() -> QImage:
        return view.grab().toImage()

    plain = painted()
    foot = painted().copy(0, view.height() - 14, view.width(), 14)
    blank = QImage(foot)
    blank.fill(view.palette().window().color())

    view.point_at(NOON + timedelta(minutes=30))

    assert foot != blank
    assert painted() != plain
    view.clearFocus()
    assert painted() != plain


def test_all_values_are_copied_as_numbers_with_their_unit(view: ChartView, qapp: QApplication) -> None:
    QTest.keyClick(view, Key.Key_C, CTRL | Qt.KeyboardModifier.ShiftModifier)
    rows = list(csv.reader(io.StringIO(qapp.clipboard().text())))

    assert rows[0] == ["Time", "Disk read (bytes per second)", "Disk write (bytes per second)"]
    assert rows[1:3] == [["2026-11-23T12:00:00+00:00", "0", "0"], ["2026-11-23T12:10:00+00:00", "1048576", "1048576"]]
    assert rows[-1] == ["2026-11-23T14:00:00+00:00", "12582912", ""]
    QTest.keyClick(view, Key.Key_C, CTRL)
    assert qapp.clipboard().text().splitlines()[2].split("\t")[1] == "1048576"
    QTest.keyClick(view, Key.Key_Home)
    view.copy_value()
    assert qapp.clipboard().text().endswith("· read 0 B/s · write 0 B/s")


@pytest.mark.parametrize("colours", theme.SCHEMES, ids=lambda colours: colours.scheme.value)
def test_curves_and_words_stand_out_from_what_is_behind_them(colours: theme.Colours) -> None:
    surface = theme.QColor(colours.surface)

    assert theme.contrast(theme.QColor(colours.muted), surface) >= 4.5
    for curve in (colours.accent, colours.warn):
        assert theme.contrast(theme.QColor(curve), surface) >= 3.0


def x_of_first(view: ChartView) -> float:
    """Return where the first values are: found by pointing there."""
    heard: list[object] = []
    view.pointed.connect(heard.append)
    for x in range(view.width()):
        QTest.mouseMove(view, QPoint(x, view.height() // 2))
        if heard and heard[-1] != heard[0]:
            return x
    raise AssertionError("every place is the same instant")


async def test_the_same_instant_is_read_in_all_charts_and_tab_reaches_them(
    window: MainWindow, console: Console
) -> None:
    await select(window, console, "jumpbox")
    page = window.inspector.object_page
    page.is_charting.click()
    await until(lambda: len(page.performance.charts) == 4, "the charts")
    page.performance.span.setFocus()

    reached = []
    for _ in page.performance.charts:
        QTest.keyClick(QApplication.focusWidget(), Key.Key_Tab)
        reached.append(QApplication.focusWidget())
    QTest.keyClick(reached[0], Key.Key_Home)

    assert reached == page.performance.charts
    xs = {x_of_first(one) for one in page.performance.charts}
    assert len(xs) == 1
    oldest = {one.told.partition(" · ")[0] for one in page.performance.charts}
    assert len(oldest) == 1
    assert oldest != {page.performance.charts[0].chart.told()}  # type: ignore[union-attr]


@pytest.mark.parametrize("row", range(4))
async def test_each_span_is_charted_over_its_length(window: MainWindow, console: Console, row: int) -> None:
    await select(window, console, "jumpbox")
    page = window.inspector.object_page
    page.is_charting.click()
    page.performance.span.setCurrentIndex(row)
    name, least = (
        ("Last 10 minutes", timedelta(minutes=8)),
        ("Last 2 hours", timedelta(hours=1, minutes=50)),
        ("Last week", timedelta(days=6)),
        ("Last year", timedelta(days=350)),
    )[row]

    def covered() -> timedelta:
        chart = page.performance.charts[0].chart if page.performance.charts else None
        return chart.times[-1] - chart.times[0] if chart is not None else timedelta(0)

    await until(lambda: covered() >= least, "values of the whole span")
    assert page.performance.span.currentText() == name


async def test_what_was_charted_stays_while_the_host_does_not_answer(
    window: MainWindow, console: Console, pool: EmbeddedPool
) -> None:
    await select(window, console, "jumpbox")
    page = window.inspector.object_page
    page.is_charting.click()
    await until(lambda: len(page.performance.charts) == 4, "the charts")

    pool.kill()
    page.performance.ask()

    await until(page.performance.news.isVisible, "the reason")
    assert len(page.performance.charts) == 4
